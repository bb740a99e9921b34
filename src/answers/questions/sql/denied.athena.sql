with denied as (
  select l.account_id, l.region, l."table", l.status, l.error_code, max(a.started_at) as last_answered
  from current_ledger l
  left join answered_cells a on a.account_id = l.account_id and a."table" = l."table"
    and (a.region = l.region or l.region = '*')
  where l.status in ('denied', 'scp_denied') and l."table" <> 'trust'
  group by l.account_id, l.region, l."table", l.status, l.error_code
),
by_table as (
  select account_id, "table", status, error_code, last_answered, count(*) as place_count, min(region) as first_place,
    json_format(cast(array_agg(distinct region order by region) as json)) as places
  from denied
  group by account_id, "table", status, error_code, last_answered
)
select account_id, case when place_count = 1 then first_place end as region,
  json_format(cast(array_agg("table" order by "table") as json)) as tables, places as regions,
  count(*) * place_count as cells, status, error_code, last_answered
from by_table
group by account_id, places, place_count, first_place, status, error_code, last_answered
order by 1, 2, 3, 4, 5, 6, 7, 8;
