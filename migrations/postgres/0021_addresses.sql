-- An address is unique within a tenant: nobody learns who is a customer elsewhere, and
-- nobody keeps another tenant from inviting a person.
ALTER TABLE app_user DROP CONSTRAINT app_user_email_key;
ALTER TABLE app_user ADD CONSTRAINT app_user_address UNIQUE NULLS NOT DISTINCT (email, client_id);
