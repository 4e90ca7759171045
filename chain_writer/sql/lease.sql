-- Take or keep the lease of a lane, by the database's clock alone. A new epoch begins, which ends all earlier ones.
UPDATE writer.lanes
SET owner = %(owner)s, epoch = epoch + 1, lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE lane = %(lane)s AND (lease_until < now() OR owner = %(owner)s)
RETURNING epoch
