with denied as (
  select l.account_id, l.region, l."table", l.status, l.error_code, max(a.started_at) as last_answered
  from current_ledger l
  left join answered_cells a on a.account_id = l.account_id and a."table" = l."table"
    and (a.region = l.region or l.region = '*')
  where l.status in ('denied', 'scp_denied') and l."table" <> 'trust'
  group by l.account_id, l.region, l."table", l.status, l.error_code
),
by_table as (
  select account_id, "table", status, error_code, last_answered, list(distinct region order by region) as places
  from denied
  group by account_id, "table", status, error_code, last_answered
)
select account_id, case when len(places) = 1 then places[1] end as region,
  to_json(list("table" order by "table")) as tables, to_json(places) as regions, count(*) * len(places) as cells,
  status, error_code, last_answered
from by_table
group by account_id, places, status, error_code, last_answered
order by all;
