-- What a feed noted of its last run, so that the next one asks for nothing but what has changed (feed.h).

ALTER TABLE feed ADD COLUMN note TEXT NOT NULL DEFAULT '';
