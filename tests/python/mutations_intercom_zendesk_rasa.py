"""Defects in the staging models of Intercom, Zendesk and Rasa (see mutations.py)."""

from __future__ import annotations

from mutations import of

INTERCOM = [
    *of(
        "stg_intercom__contacts",
        (
            "whoever began a conversation is a contact",
            "    where lower(trim(source_author_type)) in ('user', 'lead', 'contact')\n",
            "",
            ["a_contact_is_who_has_a_place_in_a_conversation_or_began_one"],
        ),
    ),
    *of(
        "stg_intercom__merges",
        (
            "both conversations end",
            "        or closes.conversation_id is not null\n",
            "        or true\n",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
        (
            "the word for it says nothing",
            "merge_parts.part_word = 'merged_secondary_conversation'",
            "false",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
        (
            "the close comes first",
            "and merge_parts.happened_at + interval 5 second",
            "and merge_parts.happened_at",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
        (
            "the close comes last",
            "            merge_parts.happened_at - interval 5 second and",
            "            merge_parts.happened_at and",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
        (
            "any part ends it",
            "where part_word = 'close'",
            "where part_word in ('close', 'open')",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
        (
            "every version counts",
            "{{ boolean('_fivetran_active', 'true') }} is not false\n",
            "true\n",
            ["the_conversation_that_a_merge_closes_is_the_merged_one"],
        ),
    ),
    *of(
        "stg_intercom__conversations",
        (
            "every version counts",
            "where {{ boolean('conversations._fivetran_active', 'true') }} is not false",
            "where true",
            ["an_intercom_conversation_is_its_latest_version"],
        ),
        (
            "without the mark of the latest version nothing counts",
            "{{ boolean('conversations._fivetran_active', 'true') }} is not false",
            "{{ boolean('conversations._fivetran_active', 'false') }} is not false",
            ["an_intercom_conversation_is_its_latest_version"],
        ),
        (
            "a contact goes before the author",
            "coalesce(conversations.source_author_id, contacts.contact_id)",
            "coalesce(contacts.contact_id, conversations.source_author_id)",
            ["the_customer_of_an_intercom_conversation_is_who_wrote_first"],
        ),
        (
            "a teammate is a customer",
            "in ('user', 'lead', 'contact')",
            "in ('user', 'lead', 'contact', 'admin')",
            ["the_customer_of_an_intercom_conversation_is_who_wrote_first"],
        ),
        (
            "a contact who left counts",
            "where {{ boolean('_fivetran_active', 'true') }} is not false\n    group",
            "where true\n    group",
            ["the_customer_of_an_intercom_conversation_is_who_wrote_first"],
        ),
        (
            "a merged conversation counts",
            "case when merged.conversation_id is not null then 'merged' end",
            "null",
            ["a_merged_conversation_is_excluded_as_such"],
        ),
        (
            "a merge goes before spam",
            "exclusions.exclusion_reason, "
            "case when merged.conversation_id is not null then 'merged' end",
            "case when merged.conversation_id is not null then 'merged' end, "
            "exclusions.exclusion_reason",
            ["a_merged_conversation_is_excluded_as_such"],
        ),
        (
            "a tag that was taken off counts",
            "{{ boolean('conversation_tags._fivetran_active', 'true') }} is not false",
            "true",
            ["a_tag_excludes_an_intercom_conversation"],
        ),
        (
            "a tag counts in its own case alone",
            "lower(trim(tags.name))",
            "tags.name",
            ["a_tag_excludes_an_intercom_conversation"],
        ),
    ),
    *of(
        "stg_intercom__messages",
        (
            "the opening message is forgotten",
            "    select * from opening_messages\n    union all\n",
            "",
            ["the_opening_message_is_in_the_conversation_itself"],
        ),
        (
            "an opening message without an author is nobody's",
            "when lower(source_delivered_as) = 'customer_initiated' then 'user'",
            "when false then 'user'",
            ["the_opening_message_is_in_the_conversation_itself"],
        ),
        (
            "who is gone is nobody",
            "            else 'admin'\n",
            "",
            ["who_is_gone_and_is_no_contact_was_a_person", "fin_is_a_bot_whatever_its_account"],
        ),
        (
            "a contact without a kind is a person",
            "when contacts.contact_id is not null then 'user'",
            "when false then 'user'",
            ["who_is_gone_and_is_no_contact_was_a_person"],
        ),
        (
            "a merge writes messages",
            "when part_types.message = 'none' then false",
            "when part_types.message = 'none' and part_types.part_type not like 'merged%' "
            "then false",
            ["what_the_merge_writes_is_no_message"],
        ),
        (
            "a campaign is a person's",
            "when messages.is_automatic then 'system'",
            "when false then 'system'",
            ["the_opening_message_is_in_the_conversation_itself"],
        ),
        (
            "an assignment is no message",
            "else coalesce(parts.has_text, false)",
            "else false",
            ["what_carries_a_text_is_a_message"],
        ),
        (
            "a note is public",
            "coalesce(part_types.message, '') <> 'internal'",
            "true",
            ["what_carries_a_text_is_a_message"],
        ),
        (
            "a comment without a text is none",
            "in ('public', 'internal') then true",
            "in ('public', 'internal') then parts.has_text",
            ["what_carries_a_text_is_a_message"],
        ),
        (
            "what an action says is a message",
            "when part_types.message = 'none' then false",
            "when false then false",
            ["what_carries_a_text_is_a_message"],
        ),
        (
            "Fin is who it writes as",
            "when messages.is_from_ai then 'bot'",
            "when false then 'bot'",
            ["fin_is_a_bot_whatever_its_account"],
        ),
        (
            "the kind goes before the author",
            "coalesce(by_id.author_type, by_role.author_type, messages.author_role)",
            "coalesce(by_role.author_type, by_id.author_type, messages.author_role)",
            ["fin_is_a_bot_whatever_its_account"],
        ),
    ),
    *of(
        "stg_intercom__events",
        (
            "taken from people is given to them",
            "(parts.assigned_to like 'nobody%' or parts.assigned_to in ('unassigned', 'bot'))",
            "false",
            ["an_assignment_says_who_gave_the_conversation_away"],
        ),
        (
            "a bot is people",
            "in ('unassigned', 'bot')",
            "in ('unassigned')",
            ["an_assignment_says_who_gave_the_conversation_away"],
        ),
        (
            "without a word it is nobody's",
            "parts.assigned_to like 'nobody%'",
            "coalesce(parts.assigned_to, 'nobody') like 'nobody%'",
            ["an_assignment_says_who_gave_the_conversation_away"],
        ),
        (
            "the close of a merge settles",
            "when parts.part_word = 'close' and merged.conversation_id is not null "
            "then 'close_by_merge'",
            "when false then 'close_by_merge'",
            ["the_close_of_a_merge_settles_nothing"],
        ),
        (
            "every close in a merged conversation is the merge's",
            "            and {{ utc_timestamp('parts.created_at') }} between\n"
            "            merged.merged_at - interval 5 second "
            "and merged.merged_at + interval 5 second\n",
            "",
            ["the_close_of_a_merge_settles_nothing"],
        ),
        (
            "who is gone is nobody",
            "            else 'admin'\n",
            "",
            ["who_is_gone_and_is_no_contact_acted_as_a_person"],
        ),
        (
            "a contact without a kind is a person",
            "when contacts.contact_id is not null then 'user'",
            "when false then 'user'",
            ["who_is_gone_and_is_no_contact_acted_as_a_person"],
        ),
        (
            "nobody says who assigned",
            "concat_ws('_by_', parts.part_word, parts.author_role)",
            "parts.part_word",
            ["an_assignment_says_who_gave_the_conversation_away"],
        ),
        (
            "a message is an event",
            "not in ('public', 'internal')",
            "not in ('nothing')",
            ["an_assignment_says_who_gave_the_conversation_away"],
        ),
        (
            "the reply is before its assignment",
            "- interval 1 microsecond",
            "+ interval 1 microsecond",
            ["a_reply_that_assigns_comes_after_the_assignment"],
        ),
        (
            "every assignment moves",
            "when named_parts.is_assignment and named_parts.has_text",
            "when named_parts.is_assignment",
            ["a_reply_that_assigns_comes_after_the_assignment"],
        ),
    ),
    *of(
        "stg_intercom__ratings",
        (
            "who never rated gave nothing",
            "and conversation_rating_value is not null",
            "",
            ["intercom_keeps_one_rating_a_conversation"],
        ),
    ),
]

ZENDESK = [
    *of(
        "stg_zendesk__people",
        (
            "today's word is the last",
            "when team.user_id is not null then 'agent'",
            "when false then 'agent'",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "whoever changed a status is of the team",
            "        and lower(changes.value) = 'solved'\n",
            "",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "who solves their own ticket is of the team",
            "        and changes.user_id <> tickets.requester_id\n",
            "",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "nobody is of the team",
            "where user_id not in ('', '0', '-1')",
            "where user_id is not null",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "a group is a person",
            "where field_name = 'assignee_id'",
            "where field_name in ('assignee_id', 'group_id')",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "whoever writes in a chat is of the team",
            "where actor_id like 'agent:_%'",
            "where actor_id is not null",
            ["who_left_the_team_was_a_person_of_it"],
        ),
        (
            "the account goes before the lookup",
            "            when listed.author_role is not null then listed.author_role\n",
            "",
            ["who_is_listed_stays_what_the_lookup_says"],
        ),
        (
            "what writes by itself is a user",
            "where author_role in ('end-user', 'agent', 'admin') and user_id <> '*'",
            "where user_id <> '*'",
            ["who_is_listed_stays_what_the_lookup_says"],
        ),
        (
            "a kind is a user",
            " and user_id <> '*'",
            "",
            ["who_is_listed_stays_what_the_lookup_says"],
        ),
    ),
    *of(
        "stg_zendesk__merges",
        (
            "any tag tells of a merge",
            "        excluded_tags.exclusion_reason = 'merged'",
            "        true",
            ["a_merge_is_when_it_closes_the_ticket"],
        ),
        (
            "a solution before the merge is the merge",
            "        coalesce(\n            max(case when lower(changes.value) = 'closed'",
            "        least(\n            max(case when lower(changes.value) = 'closed'",
            ["a_merge_is_when_it_closes_the_ticket"],
        ),
        (
            "any field tells",
            "            and changes.field_name = 'status'\n",
            "",
            ["a_merge_is_when_it_closes_the_ticket"],
        ),
        (
            "the first solution is the merge",
            "            max(case when lower(changes.value) = 'solved'",
            "            min(case when lower(changes.value) = 'solved'",
            ["a_merge_is_when_it_closes_the_ticket"],
        ),
    ),
    *of(
        "stg_zendesk__conversations",
        (
            "tickets alone are conversations",
            "    where is_without_ticket",
            "    where false",
            ["a_chat_without_a_ticket_is_a_conversation"],
        ),
        (
            "a chat in a ticket is one more",
            "    where is_without_ticket",
            "    where true",
            ["a_chat_without_a_ticket_is_a_conversation"],
        ),
        (
            "a merge goes before spam",
            "case when excluded_tags.exclusion_reason = 'merged' then '1' else '0' end",
            "''",
            ["a_merged_ticket_is_excluded_as_such"],
        ),
        (
            "a deleted ticket counts",
            "when tickets.status = 'deleted' then 'deleted'",
            "when false then 'deleted'",
            ["a_deleted_ticket_is_excluded_before_its_tags_are_looked_at"],
        ),
        (
            "a deleted row counts",
            "{{ boolean('tickets._fivetran_deleted', 'false') }} is true",
            "false",
            ["a_deleted_ticket_is_excluded_before_its_tags_are_looked_at"],
        ),
    ),
    *of(
        "stg_zendesk__messages",
        (
            "an agent who asks is no customer",
            "when ticket_comments.user_id = tickets.requester_id then 'end-user'",
            "when false then 'end-user'",
            ["the_author_of_a_comment_is_known_by_its_role"],
        ),
        (
            "Zendesk itself is nobody",
            "when ticket_comments.user_id = '-1' then '__system'",
            "when false then '__system'",
            ["the_author_of_a_comment_is_known_by_its_role"],
        ),
        (
            "the role goes before the author",
            "coalesce(by_id.author_type, by_role.author_type, roled_comments.author_role)",
            "coalesce(by_role.author_type, by_id.author_type, roled_comments.author_role)",
            ["the_author_of_a_comment_is_known_by_its_role"],
        ),
        (
            "who is gone is nobody",
            "when ticket_comments.user_id <> '' then 'agent'",
            "when false then 'agent'",
            ["the_author_of_a_comment_is_known_by_its_role"],
        ),
        (
            "the merge writes messages",
            " or roled_comments.is_of_merge",
            "",
            ["what_the_merge_itself_writes_is_no_message"],
        ),
        (
            "a message before the merge is the merge's",
            "coalesce({{ utc_timestamp('ticket_comments.created') }} >= merged.merged_at, false)",
            "merged.ticket_id is not null",
            ["what_the_merge_itself_writes_is_no_message"],
        ),
        (
            "the chat counts twice",
            "when roled_comments.is_transcript or roled_comments.is_of_merge then 'system'",
            "when roled_comments.is_of_merge then 'system'",
            ["a_chat_in_its_ticket_is_no_second_message"],
        ),
        (
            "a minute is not a minute",
            "<= ticket_chats.last_event_at + interval 1 minute",
            "< ticket_chats.last_event_at + interval 1 minute",
            ["a_chat_in_its_ticket_is_no_second_message"],
        ),
        (
            "a file is no message",
            "type in ('ChatMessage', 'ChatFileAttachment')",
            "type in ('ChatMessage')",
            ["a_chat_in_its_ticket_is_no_second_message"],
        ),
    ),
    *of(
        "stg_zendesk__events",
        (
            "a bot is a person",
            "when bots.user_id is not null then 'assigned_to_bot'",
            "when false then 'assigned_to_bot'",
            ["an_assignment_to_a_person_is_a_handoff"],
        ),
        (
            "nobody is a person",
            "when coalesce(changes.value, '') in ('', '0') then 'unassigned'",
            "when false then 'unassigned'",
            ["an_assignment_to_a_person_is_a_handoff"],
        ),
        (
            "every field is an event",
            "where changes.field_name in ('status', 'assignee_id', 'group_id')",
            "where true",
            ["an_assignment_to_a_person_is_a_handoff"],
        ),
        (
            "an agent who asks is at work",
            "            when changes.user_id = tickets.requester_id then 'customer'\n",
            "",
            ["who_changed_a_ticket"],
        ),
        (
            "who is gone is nobody",
            "when people.user_id is null and changes.user_id <> '' then 'agent'",
            "when false then 'agent'",
            ["who_changed_a_ticket"],
        ),
        (
            "a merge settles",
            "lower(changes.value) in ('solved', 'closed')",
            "false",
            ["what_a_merge_does_settles_nothing"],
        ),
        (
            "who merges takes over",
            "changes.field_name = 'assignee_id' then 'assigned_by_merge'",
            "false then 'assigned_by_merge'",
            ["what_a_merge_does_settles_nothing"],
        ),
        (
            "all in a merged ticket is the merge's",
            "            and {{ utc_timestamp('changes.updated') }} >= merged.merged_at\n",
            "",
            ["what_a_merge_does_settles_nothing"],
        ),
        (
            "whoever joins takes over",
            "when type = 'ChatJoin' and author_type = 'agent'",
            "when type = 'ChatJoin'",
            ["only_a_person_who_joins_a_chat_takes_it_over"],
        ),
        (
            "a message is an event",
            "where type not in ('ChatMessage', 'ChatFileAttachment')",
            "where true",
            ["only_a_person_who_joins_a_chat_takes_it_over"],
        ),
    ),
    *of(
        "stg_zendesk__chats",
        (
            "tickets are sorted as text",
            "try_cast(nullif(ticket_id, '0') as bigint)",
            "nullif(ticket_id, '0')",
            ["a_chat_belongs_to_its_first_ticket"],
        ),
        (
            "0 is a ticket",
            "try_cast(nullif(ticket_id, '0') as bigint)",
            "try_cast(ticket_id as bigint)",
            ["a_chat_belongs_to_its_first_ticket"],
        ),
    ),
    *of(
        "stg_zendesk__chat_events",
        (
            "Zendesk's bot is who it writes as",
            "when lower(message_source_type) like 'zd:answerbot%' then 'answer_bot'",
            "when false then 'answer_bot'",
            ["whose_a_chat_event_is"],
        ),
        (
            "a number says nothing",
            "            when people.user_role is not null then people.user_role\n",
            "",
            ["whose_a_chat_event_is"],
        ),
        (
            "an agent who asks in a chat is at work",
            "            when first_told_events.actor_user_id = chats.user_id then 'end-user'\n",
            "",
            ["whose_a_chat_event_is"],
        ),
        (
            "a business is a customer",
            "when first_told_events.message_author_type = 'BUSINESS' then 'agent'",
            "when false then 'agent'",
            ["whose_a_chat_event_is"],
        ),
        (
            "what is shown again counts again",
            "{{ boolean('is_history_context', 'false') }} is not true",
            "true",
            ["what_zendesk_shows_again_is_no_second_message"],
        ),
        (
            "a delivery is an event",
            "and type <> 'ChatMessageStatus'",
            "",
            ["what_zendesk_shows_again_is_no_second_message"],
        ),
    ),
    *of(
        "stg_zendesk__ratings",
        (
            "an offer is a rating",
            "where lower(score) not in ('offered', 'unoffered')",
            "where true",
            ["an_offered_rating_is_none"],
        ),
        (
            "it was given when it was offered",
            "coalesce(cast(updated_at as varchar), cast(created_at as varchar))",
            "cast(created_at as varchar)",
            ["an_offered_rating_is_none"],
        ),
    ),
]

RASA = [
    *of(
        "stg_rasa__conversations",
        (
            "the first by time tells the channel",
            "min_by(nullif(trim(input_channel), ''), id)",
            "min_by(nullif(trim(input_channel), ''), timestamp)",
            ["the_channel_of_a_rasa_conversation_is_that_of_its_first_message"],
        ),
        (
            "a channel counts in its own case alone",
            "on lower(conversations.input_channel)",
            "on conversations.input_channel",
            ["the_channel_of_a_rasa_conversation_is_that_of_its_first_message"],
        ),
        (
            "a developer is a customer",
            "nullif(channels.exclusion_reason, '') as exclusion_reason",
            "cast(null as varchar) as exclusion_reason",
            ["the_channel_of_a_rasa_conversation_is_that_of_its_first_message"],
        ),
    ),
    *of(
        "stg_rasa__messages",
        (
            "a command is a message",
            "when type_name = 'user' and is_command then 'system'",
            "when false then 'system'",
            ["what_rasa_writes_that_is_a_message"],
        ),
        (
            "a number is its digits",
            "lpad(cast(id as varchar), 20, '0')",
            "cast(id as varchar)",
            ["what_rasa_writes_that_is_a_message"],
        ),
        (
            "whatever Rasa writes is a message",
            "where type_name in ('user', 'bot', 'agent')",
            "where true",
            ["what_rasa_writes_that_is_a_message"],
        ),
        (
            "not to understand is a topic",
            "nullif(intent_name, 'nlu_fallback')",
            "intent_name",
            ["what_rasa_writes_that_is_a_message"],
        ),
    ),
    *of(
        "rasa_time",
        (
            "a time is whole seconds",
            "round({{ column }} * 1000000)",
            "floor({{ column }}) * 1000000",
            ["stg_rasa__messages.what_rasa_writes_that_is_a_message"],
        ),
    ),
    *of(
        "stg_rasa__events",
        (
            "whatever bears the name is the action",
            "            events.type_name = 'action'\n            and events.action_name",
            "            events.action_name",
            ["an_action_says_what_the_lookup_says"],
        ),
        (
            "every action is an event",
            "actions.action_name is not null\n",
            "events.type_name = 'action'\n",
            ["an_action_says_what_the_lookup_says"],
        ),
        (
            "a pause is nothing",
            "in ('pause', 'resume',",
            "in ('resume',",
            ["an_action_says_what_the_lookup_says"],
        ),
    ),
]

MUTATIONS = [*INTERCOM, *ZENDESK, *RASA]
