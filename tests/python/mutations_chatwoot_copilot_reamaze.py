"""Defects in the staging models of Chatwoot, Copilot Studio and Re:amaze (see mutations.py)."""

from __future__ import annotations

from mutations import of

NO_LOAD_TIME = "a plain copy has no load time"

CHATWOOT = [
    *of(
        "stg_chatwoot__conversations",
        (
            "Chatwoot's own name stays as it is",
            "regexp_replace(inboxes.channel_type, '^Channel::', '')",
            "inboxes.channel_type",
            ["a_channel_is_that_of_the_inbox"],
        ),
        (
            "a blank is a brand",
            "nullif(trim(inboxes.business_name), '')",
            "inboxes.business_name",
            ["an_inbox_with_a_business_name_is_a_brand"],
        ),
        (
            "a label counts in its own case alone",
            "lower(trim(conversations.cached_label_list))",
            "trim(conversations.cached_label_list)",
            ["a_label_of_the_lookup_excludes_a_conversation"],
        ),
        (
            NO_LOAD_TIME,
            "{{ utc_timestamp('conversations.updated_at') }}",
            "cast(null as timestamp)",
            ["a_plain_copy_was_loaded_when_it_last_changed"],
        ),
    ),
    *of(
        "stg_chatwoot__conversations",
        (
            "the oldest version counts",
            "order by loaded_at desc nulls last, updated_at desc nulls last",
            "order by loaded_at asc nulls last, updated_at asc nulls last",
            ["the_latest_version_of_an_inbox_and_of_an_account_counts"],
        ),
        times=2,
    ),
    *of(
        "chatwoot_number",
        (
            "a number is its digits",
            "lpad(cast({{ column }} as varchar), 19, '0')",
            "cast({{ column }} as varchar)",
            ["stg_chatwoot__messages.ids_of_one_second_sort_as_numbers"],
        ),
    ),
    *of(
        "stg_chatwoot__messages",
        (
            "the kind of the sender does not count",
            "and messages.sender_kind = by_sender_type.sender_type",
            "and by_sender_type.sender_type = 'User'",
            ["customers_bots_and_people_are_told_apart_by_type_and_sender"],
        ),
        (
            "a single sender has no row",
            "                by_sender.author_type,\n",
            "",
            ["a_row_for_one_sender_counts_before_the_row_for_its_type"],
        ),
        (
            "who is not listed is the system",
            "concat_ws(' ', 'message type', messages.message_type, 'by', messages.sender_kind)",
            "'system'",
            ["a_sender_that_nobody_listed_is_left_to_be_rejected"],
        ),
        (
            "a campaign is a person",
            "or json_extract_string(try_cast(additional_attributes as json), '$.campaign_id')"
            " is not null",
            "",
            ["a_rule_and_a_campaign_are_no_person"],
        ),
        (
            "attributes are encoded once",
            "then try_cast(json_extract_string(content_attributes, '$') as json)",
            "then null",
            ["attributes_that_are_encoded_twice_are_read"],
        ),
        (
            "an echo is as good as false",
            "'$.external_echo') = 'true'",
            "'$.external_echo') is not null",
            ["an_echo_of_the_messengers_own_app_is_a_person"],
        ),
        (
            "a note is public",
            "cast(not {{ boolean('messages.private', 'false') }} as varchar)",
            "'true'",
            ["a_private_note_is_not_public"],
        ),
        (
            "a deleted message is gone",
            "    from {{ source('chatwoot', 'chatwoot_messages') }}",
            "    from {{ source('chatwoot', 'chatwoot_messages') }}\n"
            "    where content_attributes is null or content_attributes not like '%deleted%'",
            ["a_deleted_message_stays_a_message"],
        ),
        (
            NO_LOAD_TIME,
            "{{ utc_timestamp('messages.updated_at') }}",
            "cast(null as timestamp)",
            ["a_plain_copy_of_a_message_was_loaded_when_it_last_changed"],
        ),
    ),
    *of(
        "stg_chatwoot__steps",
        (
            "the step itself counts",
            "rows between unbounded preceding and 1 preceding",
            "rows between unbounded preceding and current row",
            ["what_stands_before_a_step_is_told_since_the_last_change_of_status"],
        ),
        (
            "events come before messages",
            "order by happened_at, step_order, message_id, event_id",
            "order by happened_at, step_order desc, message_id, event_id",
            ["within_a_second_messages_come_before_what_they_lead_to"],
        ),
        (
            "each version is a step",
            "    union\n",
            "    union all\n",
            ["versions_of_one_row_are_one_step"],
        ),
        (
            "a note is a step",
            "where {{ boolean('is_public', 'true') }} and author_type",
            "where author_type",
            ["notes_system_messages_and_people_are_no_step"],
        ),
    ),
    *of(
        "stg_chatwoot__events",
        (
            "only the first opening is from the bot",
            "            when steps.is_bot_since then true\n",
            "",
            ["a_second_handoff_is_told_by_the_opening"],
        ),
        (
            "every inbox has a bot",
            "then bot_conversations.conversation_id is not null",
            "then true",
            ["a_customer_who_returns_is_handed_off_only_where_a_bot_is_active"],
        ),
        (
            "an event happens when its row is written",
            "coalesce({{ utc_timestamp('events.event_end_time') }},"
            " {{ utc_timestamp('events.created_at') }})",
            "{{ utc_timestamp('events.created_at') }}",
            ["an_event_happens_at_its_end"],
        ),
        (
            "the twin is a resolution",
            "            else events.name\n",
            "            else replace(events.name, 'bot_resolved', 'resolved')\n",
            ["the_vendors_bot_resolution_keeps_a_name_of_its_own"],
        ),
        (
            NO_LOAD_TIME,
            "{{ utc_timestamp('events.updated_at') }}",
            "cast(null as timestamp)",
            ["a_plain_copy_of_an_event_was_loaded_when_it_last_changed"],
        ),
    ),
    *of(
        "stg_chatwoot__ratings",
        (
            "a rating is out of ten",
            "5 as max_score",
            "10 as max_score",
            ["an_answer_is_a_rating_out_of_five"],
        ),
    ),
]

COPILOT_STUDIO = [
    *of(
        "stg_copilot_studio__activities",
        (
            "each transcript is a conversation",
            "coalesce(name_of_conversation, transcript_id)",
            "transcript_id",
            ["several_transcripts_of_one_conversation_carry_its_id"],
        ),
        (
            "a conversation holds no _",
            "        case\n            when regexp_matches(name, '._[0-9a-f",
            "        case\n            when true then nullif(split_part(name, '_', 1), '')\n"
            "            when regexp_matches(name, '._[0-9a-f",
            ["several_transcripts_of_one_conversation_carry_its_id"],
        ),
        (
            "a bot is not known by its GUID",
            "when regexp_matches(name, '._[0-9a-f",
            "when false and regexp_matches(name, '._[0-9a-f",
            ["several_transcripts_of_one_conversation_carry_its_id"],
        ),
        (
            "a batch is a bot",
            "when regexp_matches(name, '._[^_]+_[0-9]+$')",
            "when false",
            ["several_transcripts_of_one_conversation_carry_its_id"],
        ),
        (
            "a trace has the id that it carries",
            "when activity_type in ('message', 'event', 'handoff') and activity['id'] <> ''",
            "when activity['id'] <> ''",
            ["a_trace_is_named_by_its_place"],
        ),
        (
            "a handoff is named by its place",
            "in ('message', 'event', 'handoff')",
            "in ('message', 'event')",
            ["a_trace_is_named_by_its_place"],
        ),
        (
            "a type counts in its own case alone",
            "lower(trim(activity['type']))",
            "activity['type']",
            ["a_trace_is_named_by_its_place"],
        ),
        (
            "an empty transcript is none",
            "    from typed_activities\n",
            "    from typed_activities\n    where activity is not null\n",
            ["a_transcript_that_cannot_be_read_says_so"],
        ),
        (
            "what cannot be read says nothing",
            "not is_readable or (",
            "(",
            ["a_transcript_that_cannot_be_read_says_so"],
        ),
        (
            "an entry that is no activity says nothing",
            "or (activity_number > 0 and activity_type is null)",
            "",
            ["a_transcript_that_cannot_be_read_says_so"],
        ),
        (
            "an empty transcript cannot be read",
            "activity_number > 0 and ",
            "",
            ["a_transcript_that_cannot_be_read_says_so"],
        ),
        (
            "an evaluation is not told by its value",
            "coalesce(activity['channelData']['testMode'], activity['value']['testMode'])",
            "activity['channelData']['testMode']",
            ["a_test_says_so_in_one_of_two_places"],
        ),
    ),
    *of(
        "copilot_studio_time",
        (
            "numbers are milliseconds",
            "* 1000000",
            "* 1000",
            ["stg_copilot_studio__activities.seconds_since_1970_are_times"],
        ),
        (
            "milliseconds are seconds",
            "and 253402300799\n",
            "and 9e12\n",
            ["stg_copilot_studio__activities.seconds_since_1970_are_times"],
        ),
    ),
    *of(
        "stg_copilot_studio__conversations",
        (
            "every batch must carry the mark",
            "bool_or(\n            coalesce(is_design_mode, false) or",
            "bool_and(\n            coalesce(is_design_mode, false) or",
            ["the_batches_of_a_conversation_are_one_row"],
        ),
        (
            "an evaluation is a customer",
            " or lower(coalesce(test_mode, '')) not in ('', 'false')",
            "",
            ["the_batches_of_a_conversation_are_one_row"],
        ),
        (
            "no test is a test",
            "not in ('', 'false')",
            "not in ('')",
            ["the_batches_of_a_conversation_are_one_row"],
        ),
        (
            "what a flow starts is a customer's",
            "else nullif(channels.exclusion_reason, '')",
            "",
            ["a_channel_is_that_of_the_messages"],
        ),
        (
            "a channel counts in its own case alone",
            "on lower(conversations.channel_id)",
            "on conversations.channel_id",
            ["a_channel_is_that_of_the_messages"],
        ),
        (
            "the id of both roles is the customer's",
            "nullif(conversations.user_id, conversations.bot_side_id)",
            "conversations.user_id",
            ["an_id_that_both_roles_carry_is_no_customer"],
        ),
        (
            "traces have a channel",
            "min(case when activity_type = 'message' then channel_id end)",
            "min(channel_id)",
            ["a_channel_is_that_of_the_messages"],
        ),
    ),
    *of(
        "stg_copilot_studio__messages",
        (
            "an unknown role is the customer",
            "concat_ws(' ', 'role', messages.author_role)",
            "'customer'",
            ["a_role_tells_who_wrote"],
        ),
        (
            "every greeting is an activity",
            "when messages.is_greeting and messages.activity_id <> messages.first_greeting_id "
            "then 'system'",
            "when false then 'system'",
            ["a_repeated_greeting_is_no_activity"],
        ),
        (
            "what cannot be read is passed over",
            " or activities.is_unreadable",
            "",
            ["what_cannot_be_read_is_a_message_that_is_rejected"],
        ),
        (
            "what cannot be read is somebody's",
            "when messages.is_unreadable then 'unreadable content'",
            "when false then 'unreadable content'",
            ["what_cannot_be_read_is_a_message_that_is_rejected"],
        ),
    ),
    *of(
        "stg_copilot_studio__events",
        (
            "a resolution is a resolution",
            "when lower(session_outcome) = 'resolved' and is_implied_success",
            "when false",
            ["a_verdict_is_an_event_at_the_end_of_its_session"],
        ),
        (
            "an implied handoff is a resolution",
            "when lower(session_outcome) = 'resolved' and is_implied_success",
            "when is_implied_success",
            ["a_verdict_is_an_event_at_the_end_of_its_session"],
        ),
        (
            "the kind of a trace is known in one case alone",
            "where lower(value_type) = 'sessioninfo'",
            "where value_type = 'SessionInfo'",
            ["a_verdict_is_an_event_at_the_end_of_its_session"],
        ),
        (
            "the end is when it was written down",
            "is not null then session_ended_at end,",
            "is null then session_ended_at end,",
            ["a_verdict_is_an_event_at_the_end_of_its_session"],
        ),
        (
            "an end that is no time loses the verdict",
            "case when {{ utc_timestamp('session_ended_at') }} is not null "
            "then session_ended_at end",
            "session_ended_at",
            ["a_verdict_is_an_event_at_the_end_of_its_session"],
        ),
        (
            "any reason is one to transfer",
            "case when lower(next_reason) like 'agenttransfer%' then next_reason end as reason",
            "next_reason as reason",
            ["a_handoff_has_the_reason_of_the_verdict_after_it"],
        ),
        (
            "another transcript has the reason",
            "            partition by transcript_id\n",
            "",
            ["a_handoff_has_the_reason_of_the_verdict_after_it"],
        ),
        (
            "the outcome says it all",
            "when lower(outcome_reason) like 'agenttransfer%' then 'session_agenttransfer'",
            "",
            ["a_reason_to_transfer_is_a_transfer_whatever_the_outcome"],
        ),
        (
            "every reason with a row counts before the outcome",
            "                lower(outcome_reason) like 'agenttransfer%'\n                and ",
            "                ",
            ["a_reason_to_transfer_is_a_transfer_whatever_the_outcome"],
        ),
        (
            "a row of another source counts",
            "    where source = 'copilot_studio'\n",
            "",
            [
                "of_other_events_those_that_the_lookup_names_are_read",
                "a_reason_to_transfer_is_a_transfer_whatever_the_outcome",
            ],
        ),
        (
            "a handoff needs a row",
            "        activity_type = 'handoff'\n        or ",
            "        ",
            ["an_activity_that_is_a_handoff_is_one_whatever_its_name"],
        ),
        (
            "a handoff has no name of its own",
            "            when lower(activity_name) in "
            "(select named_types.event_type from named_types) then activity_name\n",
            "",
            ["an_activity_that_is_a_handoff_is_one_whatever_its_name"],
        ),
        (
            "a trace is never an event",
            "where activity_type in ('event', 'trace', 'handoff')",
            "where activity_type in ('event', 'handoff')",
            ["of_other_events_those_that_the_lookup_names_are_read"],
        ),
    ),
    *of(
        "stg_copilot_studio__ratings",
        (
            "the question is an answer",
            "value_type = 'CSATSurveyResponse'",
            "value_type like 'CSATSurvey%'",
            ["an_answer_to_the_survey_is_a_rating_out_of_five"],
        ),
    ),
]

REAMAZE = [
    *of(
        "stg_reamaze__conversations",
        (
            "the first look counts",
            "order by {{ utc_timestamp('loaded_at') }} desc nulls last, "
            "{{ utc_timestamp('updated_at') }} desc nulls last",
            "order by {{ utc_timestamp('loaded_at') }} asc, {{ utc_timestamp('updated_at') }} asc",
            ["the_last_look_at_a_conversation_counts"],
        ),
        (
            "only a person finds spam",
            "case when statuses.name = 'spam' then 'spam' end",
            "case when conversations.status = 3 then 'spam' end",
            ["a_conversation_in_either_status_of_spam_is_excluded"],
        ),
        (
            "the origin counts first",
            "coalesce(category_channels.channel, channels.channel,",
            "coalesce(channels.channel, category_channels.channel,",
            ["the_channel_of_the_category_counts_before_the_origin"],
        ),
    ),
    *of(
        "stg_reamaze__messages",
        (
            "the text does not tell messages apart",
            ", messages.author_key, messages.body_key))",
            ", messages.author_key))",
            ["a_message_is_named_by_what_it_is"],
        ),
        (
            "a collision is public",
            "coalesce(messages.visibility, 0) = 0",
            "coalesce(messages.visibility, 0) <> 1",
            ["notes_and_collisions_are_not_public"],
        ),
        (
            "staff is staff",
            "            when bots.author_key is not null then 'bot'\n",
            "",
            ["a_follower_that_is_a_bot_is_one_in_every_conversation"],
        ),
        (
            "a name does not count",
            "            when listed_by_name.author_type is not null "
            "then listed_by_name.author_type\n",
            "",
            ["an_author_of_the_lookup_counts_before_all_else"],
        ),
    ),
    *of(
        "stg_reamaze__status_changes",
        (
            "every look is a change",
            "where status is distinct from status_before",
            "where true",
            ["a_change_of_status_shows_between_two_looks"],
        ),
    ),
    *of(
        "stg_reamaze__events",
        (
            "only what is assigned is handed off",
            "else 'chatbot_released' end",
            "else changes.status end",
            ["a_conversation_that_leaves_the_bot_is_an_escalation"],
        ),
        (
            "a minute is soon",
            "interval 5 second",
            "interval 1 minute",
            ["a_resolution_that_comes_with_a_reply_is_the_replys_own"],
        ),
    ),
]

MUTATIONS = [*CHATWOOT, *COPILOT_STUDIO, *REAMAZE]
