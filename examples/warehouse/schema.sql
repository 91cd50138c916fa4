-- The warehouse of a made-up company: eleven tables as CRM, billing, product and helpdesk exports leave them.
-- No names, no types and no habits are shared with the contract tables; sources/*.sql is all that connects the two.
CREATE SCHEMA northlight;
SET search_path = northlight;

CREATE TYPE persona AS ENUM ('BUYER', 'ADVOCATE', 'ADMINISTRATOR', 'MEMBER');

CREATE TABLE crm_account (
  acct_no          bigint PRIMARY KEY,
  legal_name       text,
  tier             smallint,        -- 1 small, 2 mid-size, 3 large
  sector           text,
  sales_region     char(2),         -- AP, EM, LA, NA
  csm_code         text,
  csm_mail         text,
  csm_role         text,
  tz               text,
  opened_epoch     bigint,          -- seconds since 1970, UTC
  absorbed_by      bigint,          -- acct_no of the account that this one was merged into
  billing_customer text,            -- the number billing knows it by
  helpdesk_org     integer          -- the number the helpdesk knows it by
);

CREATE TABLE crm_deal (
  deal_id      text PRIMARY KEY,
  acct_no      bigint,
  pipeline     char(2),             -- NB new business, RN renewal, UP upsell, WB win-back
  stage_no     smallint,            -- 10 qualification, 20 proposal, 30 negotiation, 80 won, 90 lost
  amount_cents bigint,
  opened_ts    timestamptz,
  closed_ts    timestamptz,
  outcome      char(1)              -- W, L
);

-- What happened with the customer, steps of the onboarding plan and what CSMs note, all in one table.
CREATE TABLE crm_activity (
  activity_id text PRIMARY KEY,
  acct_no     bigint,
  contact     uuid,
  type_code   smallint,             -- 1x contacts, 5x onboarding steps, 9x notes; see sources/
  initiator   char(1),              -- U us, T them
  happened_ts timestamptz,
  due_date    date,
  opened_ts   timestamptz,
  answered_ts timestamptz,
  showed_up   char(1),              -- Y, N
  subject     text,
  detail      text,
  valid_until date,
  task_ref    text
);

CREATE TABLE billing_contract (
  contract_ref     text PRIMARY KEY,
  billing_customer text,
  sku              text,
  signed_ts        timestamptz,
  first_day        date,
  last_day         date,            -- the last day of the term itself
  annual_cents     bigint,
  list_cents       bigint,
  licences         integer,
  renews           char(1),         -- Y, N
  notice_months    smallint,        -- of 30 days
  cancelled_ts     timestamptz,
  cancel_code      smallint,        -- 1 by the customer, 2 unpaid, 3 acquired, 4 fewer seats
  leaves_on        date,
  cancel_note      text
);

CREATE TABLE billing_invoice (
  invoice_no       bigint PRIMARY KEY,
  billing_customer text,
  issued           integer,         -- YYYYMMDD
  due              integer,         -- YYYYMMDD
  gross_cents      bigint,
  paid_epoch       bigint,          -- seconds since 1970, UTC
  failed_epoch     bigint,
  recovered_epoch  bigint,
  disputed_epoch   bigint,
  settled_epoch    bigint,
  booked_ts        timestamptz      -- when the row reached the warehouse
);

CREATE TABLE app_user (
  user_uuid   uuid PRIMARY KEY,
  acct_no     bigint,
  persona     persona,
  dept        text,
  created_ms  bigint,               -- milliseconds since 1970, UTC
  disabled_ms bigint,
  bounced_ms  bigint
);

CREATE TABLE app_event (
  event_key    text,
  acct_no      bigint,
  user_uuid    uuid,
  happened_ts  timestamptz,
  feature_path text,                -- module/feature; the feature may be missing
  via          smallint,            -- 0 by hand, 1 by a program
  hits         integer,
  ingested_ts  timestamptz
);

CREATE TABLE plan_feature (
  acct_no      bigint,
  feature_path text,
  is_core      char(1),             -- Y, N
  valid        daterange            -- from, until (exclusive)
);

-- The helpdesk is run from India and writes its local time without a zone.
CREATE TABLE helpdesk_ticket (
  ticket_no       bigint PRIMARY KEY,
  org             integer,
  requester       uuid,
  opened_local    timestamp,
  first_reply_s   integer,          -- seconds after opening
  solved_local    timestamp,
  prio            smallint,         -- 10 low, 20 normal, 30 high, 40 urgent
  escalated_local timestamp,
  category        text,
  synced_local    timestamp
);

CREATE TABLE helpdesk_comment (
  comment_no    bigint PRIMARY KEY,
  ticket_no     bigint,
  written_local timestamp,
  by_staff      char(1),            -- Y, N
  body          text,
  mood          numeric             -- -1 to 1, where the helpdesk rated it
);

CREATE TABLE survey_answer (
  answer_no    bigint PRIMARY KEY,
  acct_no      bigint,
  respondent   uuid,
  form         smallint,            -- 1 NPS, 2 satisfaction, 3 effort, 4 outcome
  points       smallint,
  out_of       smallint,
  submitted_ts timestamptz,
  remark       text,
  loaded_ts    timestamptz
);
