-- What a job uses while it runs: JSON, see job.Claim. A job of before this
-- version uses the entries of its location.

ALTER TABLE job ADD COLUMN claims TEXT;

UPDATE job SET claims = printf('[{"location":"%s-%s-%s-%s-%s","write":true}]',
	substr(lower(hex(location)), 1, 8), substr(lower(hex(location)), 9, 4), substr(lower(hex(location)), 13, 4),
	substr(lower(hex(location)), 17, 4), substr(lower(hex(location)), 21))
WHERE location IS NOT NULL AND status IN ('queued', 'running', 'paused');
