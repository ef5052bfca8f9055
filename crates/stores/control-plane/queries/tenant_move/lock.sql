-- Locked until the transaction ends, if it is under way and still goes this way.
SELECT true FROM tenant_move WHERE move_id = $1 AND way = $2 AND ended_at IS NULL FOR UPDATE
