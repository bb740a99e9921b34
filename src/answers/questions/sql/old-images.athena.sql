with images as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner
    from current_ec2_images
  ) as t
),
used as (
  select distinct region, image_id, id
  from current_ec2_instances
  where coalesce(json_extract_scalar(state, '$.Name'), '') <> 'terminated'
),
users as (
  select region, image_id, json_format(cast(array_agg(id order by id) as json)) as instances
  from used
  group by region, image_id
),
asked as (
  select account_id, region, status from current_ledger where "table" = 'ec2_instances'
),
-- Where they are not known: not answered, or never asked.
unknown as (
  select region from asked where status not in ('ok', 'empty', 'unsupported')
  union
  select '*' from current_ledger where account_id not in (select account_id from asked)
  union
  select l.region
  from current_ledger l
  left join asked a on a.account_id = l.account_id and (a.region = l.region or a.region = '*')
  where l.region not in ('*', 'global') and a.account_id is null
    and l.account_id in (select account_id from asked)
),
aged as (
  select *,
    cast(floor((to_unixtime(now()) - to_unixtime(try(from_iso8601_timestamp(creation_date)))) / 86400)
      as bigint) as age_days
  from images
  where place = 1
)
select i.owner as account_id, i.region, i.id, i.arn, nullif(element_at(i.tags, 'Name'), '') as name,
  i.name as image_name,
  i.creation_date, i.age_days, i.public, i.last_launched_time,
  case when u.instances is not null then 'used'
    when r.region is null and a.region is null then 'unused'
    else 'unknown' end as verdict,
  case when u.instances is not null then u.instances
    when r.region is null and a.region is null then '[]' end as instances
from aged i
left join users u on u.region = i.region and u.image_id = i.id
left join unknown r on r.region = i.region
left join unknown a on a.region = '*'
where i.age_days >= 90
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
