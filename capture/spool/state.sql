-- What the collector has to remember, in open/state.sqlite of a spool. Times are seconds since 1970.

-- Every review that was in the feed, in the order of publication.
create table if not exists reviews (
    position integer primary key autoincrement,
    review_id text not null unique,
    status text not null default 'waiting', -- or captured, gone, given up
    attempts integer not null default 0, -- that failed through the review's own fault
    due real not null default 0, -- not asked for before
    reason text -- of the last failure
);

create index if not exists waiting_reviews on reviews (position) where status = 'waiting';

-- How much of each file in open/ counts: what is beyond was being written when the process died.
create table if not exists open_files (
    dataset text primary key,
    bytes integer not null,
    opened_at real not null
);

-- The name under which the open files are being moved to ready/; one row at most.
create table if not exists finishing (name text not null);
