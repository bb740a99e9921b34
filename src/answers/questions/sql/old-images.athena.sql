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
  select account_id, region, max(case when "table" = 'ec2_instances' then status end) as status
  from current_ledger
  where "table" <> 'trust'
  group by account_id, region
),
accounts as (
  select account_id, max(case when "table" = 'ec2_instances' then 1 else 0 end) as is_asked,
    max(case when "table" = 'ec2_instances' and region = '*' then 1 else 0 end) as is_closed
  from current_ledger
  where "table" <> 'trust'
  group by account_id
),
unanswered as (
  select a.region
  from asked a
  join accounts c on c.account_id = a.account_id
  where a.region not in ('global', '*')
    and coalesce(a.status, 'not_started') not in ('ok', 'empty', 'unsupported')
    and (a.status is not null or (c.is_asked = 1 and c.is_closed = 0))
  union
  select '*'
  from accounts
  where is_asked = 0 or is_closed = 1
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
left join unanswered r on r.region = i.region
left join unanswered a on a.region = '*'
where i.age_days >= 90
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
