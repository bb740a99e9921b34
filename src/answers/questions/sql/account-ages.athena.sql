with cells as (
  select l.account_id, l.status, a.started_at as answered_at,
    l.status in ('ok', 'empty', 'unsupported') and (l.region = '*' or s.region is null) as is_answered,
    array_position(
      array['denied', 'scp_denied', 'failed', 'throttled', 'timed_out', 'not_started', 'region_disabled', 'partial',
        'ok', 'empty', 'unsupported'], l.status) as place
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  left join answered_cells a on a.account_id = l.account_id and a."table" = l."table" and a.region = l.region
  where l."table" <> 'trust'
)
select account_id, cast(null as varchar) as region, cast(null as varchar) as account_name,
  min(answered_at) as oldest_answered, max(answered_at) as newest_answered,
  cast(floor((to_unixtime(now()) - to_unixtime(min(answered_at))) / 86400) as bigint) as age_days,
  count(*) as cells, count_if(not is_answered) as unknown, count_if(answered_at is null) as never_answered,
  min_by(status, place) as worst_status
from cells
group by account_id
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
