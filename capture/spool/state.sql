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

-- The shelves that are followed.
create table if not exists feeds (
    user_id text not null,
    shelf text not null,
    due real not null default 0, -- the feed is not asked for earlier
    whole_due real not null default 0, -- when all pages are to be read again, changed or not
    failures integer not null default 0, -- in a row
    trouble text not null default '', -- the reason of the last of them
    look text not null default '', -- JSON: the look that is under way
    primary key (user_id, shelf)
);

-- By which a follower knows that a feed has got another key; not the key, which is a secret.
create table if not exists feed_keys (
    user_id text not null,
    shelf text not null,
    mark text not null,
    primary key (user_id, shelf)
);

-- Pages of feeds as they were when they were last read, for requests in case that they have changed.
create table if not exists feed_pages (
    user_id text not null,
    shelf text not null,
    page integer not null,
    ids text not null, -- JSON: of the reviews
    etag text not null,
    last_modified text not null,
    primary key (user_id, shelf, page)
);

-- Reviews that were captured from feeds: a review whose fingerprint differs has changed since.
create table if not exists followed_reviews (
    review_id text primary key,
    fingerprint text not null,
    version text not null -- of its newest record
);
