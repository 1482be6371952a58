-- Which making of the target was pinned, where its declaration tells that; empty where it does not.
ALTER TABLE pin ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
