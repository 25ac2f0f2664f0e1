-- The way to the landing area. The integration is never replaced: that would give it a new external id, and AWS would
-- refuse it until the trust of the IAM role is edited (`describe integration mercurios_landing` shows what to trust). That
-- the stage is only read is for the IAM role to enforce: Snowflake knows one privilege to read and to unload.
use role accountadmin;

-- No session unloads to an address of its own, and no stage goes round the integration.
alter account set prevent_unload_to_inline_url = true;

alter account set require_storage_integration_for_stage_creation = true;

alter account set require_storage_integration_for_stage_operation = true;

create storage integration if not exists mercurios_landing
    type = external_stage
    storage_provider = 'S3'
    enabled = true
    storage_aws_role_arn = '{{ storage_role_arn }}'
    storage_allowed_locations = ('{{ landing }}')
    comment = 'Reads what the extraction lands on S3';

alter storage integration mercurios_landing set
    storage_aws_role_arn = '{{ storage_role_arn }}'
    enabled = true
    storage_allowed_locations = ('{{ landing }}');

use role securityadmin;

-- Stages are made by no role of ours: whoever owns one reads every file below it, past all policies.
grant usage on integration mercurios_landing to role sysadmin;
