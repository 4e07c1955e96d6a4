-- What the collector remembers, in open/state.sqlite of a spool. Times are in seconds since 1970.

-- Every review that was in the feed, in the order of publication.
create table if not exists reviews (
    position integer primary key autoincrement,
    review_id text not null unique,
    status text not null default 'waiting', -- or captured, gone, given up
    attempts integer not null default 0, -- failed ones for which the review itself was at fault
    due real not null default 0, -- the review is not requested earlier
    reason text -- of the last failure
);

create index if not exists waiting_reviews on reviews (position) where status = 'waiting';

-- How many bytes of each file in open/ count: later bytes were being written when a process died.
create table if not exists open_files (
    dataset text primary key,
    bytes integer not null,
    opened_at real not null
);

-- The name under which the open files are being moved to ready/; at most one row.
create table if not exists finishing (name text not null);
