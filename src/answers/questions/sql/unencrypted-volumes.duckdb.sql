with volumes as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner
    from current_ec2_volumes
  ) as t
),
attachments as (
  select distinct v.owner, v.region, v.id, json_extract_string(item, '$.InstanceId') as instance_id
  from (select owner, region, id, unnest(cast(attachments as json[])) as item from volumes) as v
),
attached as (
  select owner, region, id, cast(to_json(list(instance_id order by instance_id)) as varchar) as instances
  from attachments
  where instance_id is not null
  group by owner, region, id
)
select v.owner as account_id, v.region, v.id, v.arn, nullif(v.tags['Name'], '') as name, v.size,
  v.volume_type, v.state, coalesce(a.instances, '[]') as instances
from volumes v
left join attached a on a.owner = v.owner and a.region = v.region and a.id = v.id
where v.place = 1 and v.encrypted = false
order by 1, 2, 3, 4, 5, 6, 7, 8, 9
