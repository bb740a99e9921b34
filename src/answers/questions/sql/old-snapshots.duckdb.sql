with snapshots as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner
    from current_ec2_snapshots
  ) as t
),
mappings as (
  select distinct i.region, i.id, json_extract_string(item, '$.Ebs.SnapshotId') as snapshot_id
  from (select region, id, unnest(cast(block_device_mappings as json[])) as item from current_ec2_images) as i
),
users as (
  select region, snapshot_id, cast(to_json(list(id order by id)) as varchar) as images
  from mappings
  group by region, snapshot_id
),
volumes as (
  select distinct region, id
  from current_ec2_volumes
),
answered as (
  select l.account_id, l.region, l."table"
  from current_ledger l
  left join current_ledger a on a.account_id = l.account_id and a."table" = l."table" and a.region = '*'
  where l.status in ('ok', 'empty', 'unsupported') and a.account_id is null
),
aged as (
  select *, cast(floor((epoch(now()) - epoch(start_time)) / 86400) as bigint) as age_days
  from snapshots
  where place = 1
)
select s.owner as account_id, s.region, s.id, s.arn, nullif(s.tags['Name'], '') as name, s.description,
  s.volume_size, s.start_time, s.age_days,
  case when u.images is not null then 'used'
    when i.account_id is not null then 'unused' else 'unknown' end as verdict,
  case when u.images is not null then u.images when i.account_id is not null then '[]' end as images,
  s.volume_id,
  case
    when coalesce(s.volume_id, 'vol-ffffffff') = 'vol-ffffffff' then false
    when v.id is not null then true
    when c.account_id is not null then false
  end as volume_exists
from aged s
left join users u on u.region = s.region and u.snapshot_id = s.id
left join volumes v on v.region = s.region and v.id = s.volume_id
left join answered i on i.account_id = s.owner and i.region = s.region and i."table" = 'ec2_images'
left join answered c on c.account_id = s.owner and c.region = s.region and c."table" = 'ec2_volumes'
where s.age_days >= 90
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
