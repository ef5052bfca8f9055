-- Campaigns have the ids that senders give them: any text of 1 to 200 bytes. It was a slug before.
ALTER TABLE campaign ALTER COLUMN campaign_id TYPE text;
ALTER TABLE campaign ADD CONSTRAINT campaign_id_length CHECK (octet_length(campaign_id) BETWEEN 1 AND 200);
