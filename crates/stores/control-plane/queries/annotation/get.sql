-- A credential that may see only some campaigns sees the tenant's annotations of these campaigns: one
-- without a campaign may tell of others.
SELECT annotation_id, at, until, text, scope, campaign_id, created_by, created_at, updated_at
FROM annotation
WHERE client_id = $1
  AND (scope = 'personal' AND created_by = $2
       OR scope = 'tenant'
          AND ($3::text IS NULL AND $4::text[] IS NULL
               OR EXISTS (SELECT FROM campaign
                          WHERE campaign.client_id = annotation.client_id
                            AND campaign.campaign_id = annotation.campaign_id
                            AND ($3::text IS NULL OR campaign.advertiser_id = $3)
                            AND ($4::text[] IS NULL OR campaign.campaign_id = ANY ($4)))))
  AND annotation_id = $5
