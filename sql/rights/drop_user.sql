drop user $user
