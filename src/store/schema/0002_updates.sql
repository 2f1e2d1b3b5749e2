-- Feeds, their upstream files, and what each update made.

-- error: of the last try, empty when it went well. checked: when the upstream last confirmed all of it; tried: when it was
-- last asked. Seconds; 0 never.
CREATE TABLE feed (
    name TEXT PRIMARY KEY,
    checked INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    error TEXT NOT NULL
);

CREATE TABLE feed_file (
    feed TEXT NOT NULL,
    url TEXT NOT NULL,
    scope TEXT NOT NULL,
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    error TEXT NOT NULL,
    checked INTEGER NOT NULL,
    parser INTEGER NOT NULL,
    PRIMARY KEY (feed, url)
);

-- One row for each segment that a feed got, as far as they are kept.
CREATE TABLE update_operation (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    feed TEXT NOT NULL,
    segment TEXT NOT NULL,
    records INTEGER NOT NULL,
    made INTEGER NOT NULL
);
CREATE INDEX update_operation_by_feed ON update_operation (feed);
CREATE INDEX update_operation_by_segment ON update_operation (segment);

-- A generation is a set of update operations, one for each feed; the newest is in force.
CREATE TABLE generation (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    made INTEGER NOT NULL
);
CREATE TABLE generation_part (
    generation_id INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
    update_id INTEGER NOT NULL REFERENCES update_operation (id),
    PRIMARY KEY (generation_id, update_id)
);
CREATE INDEX generation_part_by_update ON generation_part (update_id);
