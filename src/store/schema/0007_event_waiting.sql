-- Whether a push waits already is asked for each that comes, and ten thousand of one repository may wait.
DROP INDEX event_by_repository;
CREATE INDEX event_by_repository ON event (repository, state, tag, manifest);
