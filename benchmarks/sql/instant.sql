strptime($column, '%a %b %d %H:%M:%S %z %Y') as $column
