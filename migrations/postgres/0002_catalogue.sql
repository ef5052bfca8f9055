-- What a tenant advertises and sells.

CREATE TABLE advertiser (
    client_id     slug NOT NULL REFERENCES tenant,
    advertiser_id slug NOT NULL,
    name          text NOT NULL CHECK (name <> ''),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, advertiser_id)
);

CREATE TABLE campaign (
    client_id     slug NOT NULL REFERENCES tenant,
    campaign_id   slug NOT NULL,
    name          text NOT NULL CHECK (name <> ''),
    -- Null until the owner assigns one: a campaign first seen in an event has none.
    advertiser_id slug,
    -- Null for a campaign that was declared and not yet seen in an event.
    first_seen    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, campaign_id),
    FOREIGN KEY (client_id, advertiser_id) REFERENCES advertiser
);
CREATE INDEX campaign_by_advertiser ON campaign (client_id, advertiser_id, campaign_id);

CREATE TABLE product (
    client_id  slug NOT NULL REFERENCES tenant,
    -- The retailer's own identifier, free text.
    product_id text NOT NULL,
    brand      text,
    category   text,
    first_seen timestamptz NOT NULL,
    PRIMARY KEY (client_id, product_id)
);

ALTER TABLE advertiser ENABLE ROW LEVEL SECURITY;
ALTER TABLE advertiser FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON advertiser USING (is_reachable(client_id));

ALTER TABLE campaign ENABLE ROW LEVEL SECURITY;
ALTER TABLE campaign FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON campaign USING (is_reachable(client_id));

ALTER TABLE product ENABLE ROW LEVEL SECURITY;
ALTER TABLE product FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON product USING (is_reachable(client_id));
