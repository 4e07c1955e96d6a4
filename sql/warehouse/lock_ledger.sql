-- New clusters isolate by snapshot: two publishes could both read the ledger before either has written to it.
lock table goodreads_warehouse.ledger
