-- For whom a section is; empty for an ordinary one, as all were that had no kind.
ALTER TABLE sections ADD kind TEXT NOT NULL DEFAULT '';

ALTER TABLE sections ALTER kind SET STATISTICS 0;
