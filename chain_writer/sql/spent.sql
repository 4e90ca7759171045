-- What the nonces of a lane cost at most, gas and fees: of each, the dearest of what was signed within the window.
SELECT coalesce(sum(gas), 0), coalesce(sum(fee_wei), 0)
FROM (SELECT max(gas_limit) AS gas, max(gas_limit * gas_price_wei) AS fee_wei
      FROM writer.submissions
      WHERE lane = %(lane)s AND nonce <> %(besides)s AND made_at > now() - make_interval(hours => %(window_h)s)
      GROUP BY nonce) AS nonces
