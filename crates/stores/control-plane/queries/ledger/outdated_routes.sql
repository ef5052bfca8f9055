-- Whether a route is not the current one of its tenant.
SELECT EXISTS (
    SELECT FROM jsonb_each_text($1) AS planned (client_id, route_version)
    JOIN tenant_route USING (client_id)
    WHERE tenant_route.route_version <> planned.route_version::integer
)
