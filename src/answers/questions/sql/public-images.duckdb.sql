with images as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner
    from current_ec2_images
  ) as t
)
select owner as account_id, region, id as image_id, nullif(i.tags['Name'], '') as name, i.name as image_name,
  description, state, creation_date, deprecation_time, last_launched_time
from images i
where place = 1 and public
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
