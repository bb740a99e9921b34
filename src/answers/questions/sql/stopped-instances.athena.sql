with instances as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner
    from current_ec2_instances
  ) as t
),
volumes as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner
    from current_ec2_volumes
  ) as t
),
attachments as (
  select distinct v.region, v.id, v.size, json_extract_scalar(item, '$.InstanceId') as instance_id
  from volumes as v
  cross join unnest(cast(json_parse(v.attachments) as array(json))) as u (item)
),
sizes as (
  select region, instance_id, sum(size) as gib
  from attachments
  group by region, instance_id
),
answered as (
  select l.account_id, l.region, l."table"
  from current_ledger l
  left join current_ledger a on a.account_id = l.account_id and a."table" = l."table" and a.region = '*'
  where l.status in ('ok', 'empty', 'unsupported') and a.account_id is null
),
stopped as (
  select *,
    try(cast(regexp_extract(state_transition_reason, '\(([0-9-]+ [0-9:]+) GMT\)$', 1) as timestamp)) as stopped_at
  from instances
  where place = 1 and json_extract_scalar(state, '$.Name') = 'stopped'
)
select i.owner as account_id, i.region, i.id, i.arn, nullif(element_at(i.tags, 'Name'), '') as name, i.instance_type,
  i.stopped_at, cast(floor((to_unixtime(now()) - to_unixtime(i.stopped_at)) / 86400) as bigint) as stopped_days,
  case when c.account_id is not null then cast(coalesce(s.gib, 0) as bigint) end as volumes_gib
from stopped i
left join sizes s on s.region = i.region and s.instance_id = i.id
left join answered c on c.account_id = i.owner and c.region = i.region and c."table" = 'ec2_volumes'
order by 1, 2, 3, 4, 5, 6, 7, 8, 9
