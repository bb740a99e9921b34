with volumes as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_volumes
)
select owner as account_id, region, id as volume_id, nullif(tags['Name'], '') as name, size,
  nullif(volume_type, '') as volume_type,
  greatest(cast(floor((epoch(current_timestamp) - epoch(create_time)) / 86400) as bigint), 0) as age_days,
  encrypted, create_time
from volumes
where copy = 1 and state = 'available'
order by all;
