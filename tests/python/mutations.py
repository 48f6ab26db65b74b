"""Defects that somebody could write into a model or macro, each with the unit tests that see it.

The unit tests stand beside the models, under `unit_tests:` in models/**/*.yml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in the file `sql`; then each unit test of `turns_red` must fail."""

    sql: str  # name of the model or macro
    what: str  # what is wrong then
    old: str
    new: str
    turns_red: tuple[str, ...]  # model.unit_test
    times: int = 1  # how often `old` stands there

    def __str__(self) -> str:
        return f"{self.sql}-{re.sub(r'[^a-z0-9]+', '-', self.what.lower())}"


def of(sql: str, *defects: tuple[str, str, str, list[str]], times: int = 1) -> list[Mutation]:
    """Take (what, old, new, unit tests); a unit test without a model is one of the model `sql`."""
    return [
        Mutation(
            sql,
            what,
            old,
            new,
            tuple(name if "." in name else f"{sql}.{name}" for name in unit_tests),
            times,
        )
        for what, old, new, unit_tests in defects
    ]


LIMITED = (
    "messages.a_message",
    "events.an_event",
    "conversations.a_conversation",
    "ratings.a_rating",
)

SHAPED = "a_rejected_row_is_kept_without_what_a_customer_may_have_written"
TIMES_READ = "stg_messages.a_time_is_read_whatever_its_zone_is_written_like"
TIMES_UNREAD = "stg_messages.a_zone_that_means_several_and_a_year_of_two_digits_are_unreadable"
IDS_READ = "stg_messages.an_id_is_read_without_blanks_and_a_whole_number_as_its_digits"
IDS_LOST = "stg_messages.an_id_that_has_lost_digits_is_rejected"

# --- macros --------------------------------------------------------------------------------------

MACROS = [
    *of(
        "utc_timestamp",
        (
            "an offset is dropped",
            "try_cast({{ written }} as timestamptz)",
            "cast(try_cast({{ written }} as timestamp) as timestamptz)",
            [
                "stg_messages.a_time_with_an_offset_is_read_as_utc",
                "stg_events.a_time_with_an_offset_is_read_as_utc",
                "stg_conversations.a_channel_is_read_in_any_case",
                "int_settings.an_as_of_that_is_set_counts",
            ],
        ),
        (
            "the last day is cut off",
            "timestamp '9999-12-31 23:59:59.999999'",
            "timestamp '9999-12-31'",
            ["stg_messages.a_message_with_an_unreadable_time_is_rejected"],
        ),
        (
            "infinity is a time",
            "between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'",
            "is not null",
            ["stg_messages.a_zone_that_means_several_and_a_year_of_two_digits_are_unreadable"],
        ),
        (
            "a space before an offset makes a time unreadable",
            ", try_cast({{ plain_time(written, '\\\\1') }} as timestamptz)",
            "",
            [TIMES_READ],
        ),
        (
            "blanks around a time make it unreadable",
            "trim(cast({{ column }} as varchar))",
            "cast({{ column }} as varchar)",
            [TIMES_READ],
        ),
    ),
    *of(
        "time_shape",
        ("any word is a zone", "|GMT|CET|EET", "|[A-Z]+|GMT|CET|EET", [TIMES_UNREAD]),
        ("an offset may have any size", "(0[0-9]|1[0-3])", "([0-9][0-9])", [TIMES_UNREAD]),
        ("14 hours are too many", "|[+-]14(:?00)?", "", [TIMES_READ]),
        ("a year may have two digits", "'[0-9]{4}[-/]", "'[0-9]{2,4}[-/]", [TIMES_UNREAD]),
        ("UTC is no zone", "(Z|UTC|", "(Z|", [TIMES_READ]),
        (
            "a name of the IANA list is none",
            "[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+|",
            "",
            [TIMES_READ],
        ),
    ),
    *of(
        "plain_time",
        ("a space before an offset stays", "' ([+-])'", "' ([*])'", [TIMES_READ]),
        ("a space before Z stays", "' ?(UTC|Z)$'", "'(UTC)$'", [TIMES_READ]),
    ),
    *of(
        "id_text",
        (
            "an id of blanks is one",
            "else nullif({{ unpadded(value) }}, '')",
            "else {{ unpadded(value) }}",
            [
                "stg_messages.a_message_without_an_id_is_rejected",
                "stg_events.an_event_without_an_id_is_rejected",
                "stg_conversations.a_conversation_without_an_id_is_rejected",
            ],
        ),
        (
            "blanks after an id are a part of it",
            " and reverse({{ value }}) between '!' and '~'",
            "",
            [IDS_READ],
        ),
        (
            "a fraction of nothing stays",
            "    and {{ value }} not like '%.%'",
            "    and true",
            [IDS_READ],
        ),
        ("any fraction is cut off", "[.]0+$", "[.][0-9]+$", [IDS_READ]),
        ("a negative number is none", "'^-?[0-9]+", "'^[0-9]+", [IDS_READ]),
        ("2^53 itself is used", ">= 9007199254740992e0", "> 9007199254740992e0", [IDS_LOST]),
        ("no number is too great", ">= 9007199254740992e0", ">= 9e99", [IDS_LOST]),
        (
            "how large a number is names something",
            " and {{ value }} not like '%+%'",
            "",
            [IDS_LOST],
        ),
        ("a small e is no exponent", "[eE][+]", "[E][+]", [IDS_LOST]),
        ("blanks are not counted", "then 'ids_with_blanks'", "then null", [IDS_READ]),
        ("whole numbers are not counted", "then 'ids_of_whole_numbers'", "then null", [IDS_READ]),
    ),
    *of(
        "unpadded",
        ("a tab is no blank", '" \\t\\r\\n"', '" "', [IDS_READ]),
        ("a no-break space is no blank", "'\\u00a0\\u1680", "'\\u1680", [IDS_READ]),
    ),
    *of(
        "stg_messages",
        (
            "an id that lost digits is used",
            "            when id_finding = 'inexact_id' then 'inexact_id'\n",
            "",
            [IDS_LOST],
        ),
    ),
    *of(
        "stg_events",
        (
            "an id that lost digits is used",
            "            when id_finding = 'inexact_id' then 'inexact_id'\n",
            "",
            ["an_event_whose_id_has_lost_digits_is_rejected"],
        ),
    ),
    *of(
        "stg_conversations",
        (
            "an id that lost digits is used",
            "            when id_finding = 'inexact_id' then 'inexact_id'\n",
            "",
            ["a_conversation_whose_ids_have_lost_digits_is_rejected"],
        ),
    ),
    *of(
        "stg_ratings",
        (
            "an id that lost digits is used",
            "            when id_finding = 'inexact_id' then 'inexact_id'\n",
            "",
            ["a_rating_whose_id_has_lost_digits_is_rejected"],
        ),
    ),
    *of(
        "rejected_rows",
        (
            "a line that cannot be read is lost",
            "from {{ source('night', 'night_unreadable_lines') }}",
            "from {{ source('night', 'night_unreadable_lines') }} where false",
            ["a_line_that_cannot_be_read_is_a_rejected_row"],
        ),
    ),
    *of(
        "row_reconciliation",
        (
            "a line that cannot be read was not read",
            "from {{ source('night', 'night_unreadable_lines') }}",
            "from {{ source('night', 'night_unreadable_lines') }} where false",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
    ),
    *of(
        "last_usable_us",
        (
            "not_after allows two days",
            "+ 86400000000",
            "+ 2 * 86400000000",
            [f"stg_{name}_from_the_future_is_rejected" for name in LIMITED],
        ),
        (
            "without a not_after every row is from the future",
            "9223372036854775807",
            "0",
            [
                "int_changed_conversations.without_a_not_after_every_row_that_was_from_the_future_is_back"
            ],
        ),
    ),
    *of(
        "keyword",
        (
            "upper case makes another word",
            "lower({{ trimmed(",
            "({{ trimmed(",
            [
                "stg_messages.an_author_type_is_read_in_any_case",
                "stg_events.an_event_type_is_read_in_any_case",
                "stg_conversations.a_channel_is_read_in_any_case",
            ],
        ),
        (
            "space makes another word",
            "{{ trimmed('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}",
            "cast({{ column }} as {{ dbt.type_string() }})",
            [
                "stg_messages.a_blank_is_public_is_public",
                "stg_events.an_event_without_a_type_is_rejected",
            ],
        ),
    ),
    *of(
        "text",
        (
            "blanks are a value",
            "<> ''",
            "is not null",
            [
                "stg_messages.a_message_without_a_time_is_rejected",
                "stg_conversations.a_brand_of_blanks_is_none",
            ],
        ),
        (
            "a blank that is no space is a value",
            "between '!' and '~'",
            ">= '!'",
            ["stg_conversations.a_brand_of_blanks_is_none"],
        ),
    ),
    *of(
        "shape",
        *(
            (what, old, new, ["int_kept_rejected_rows." + SHAPED])
            for what, old, new in (
                ("letters are shown", "'[A-Za-z]', 'a', 'g'", "'[A-Z]', 'a', 'g'"),
                ("digits are shown", "'[0-9]', '9', 'g'", "'[0-8]', '8', 'g'"),
                ("letters beyond ASCII are shown", "'[^ -~]', '?', 'g'", "'[~]', '?', 'g'"),
            )
        ),
    ),
    *of(
        "word",
        (
            "no word is shown",
            "then {{ column }} else",
            "then {{ shape(column) }} else",
            ["int_kept_rejected_rows." + SHAPED],
        ),
    ),
    *of(
        "boolean",
        (
            "a boolean that is null cannot be read",
            "then coalesce(try_cast({{ column }} as boolean), {{ default }})",
            "then try_cast({{ column }} as boolean)",
            ["stg_messages.a_boolean_is_public_is_taken_as_it_is"],
        ),
        (
            "every boolean is the default",
            "then coalesce(try_cast({{ column }} as boolean), {{ default }})",
            "then {{ default }}",
            ["stg_messages.a_boolean_is_public_is_taken_as_it_is"],
        ),
    ),
    *of(
        "session_key",
        (
            "the length is left out",
            "length({{ conversation_id }}), ':', ",
            "",
            ["int_segment_keys.a_key_is_a_hash_of_source_conversation_and_first_message"],
        ),
        (
            "the source is left out",
            "concat({{ source }}, ':', ",
            "concat(",
            ["int_segment_keys.a_key_is_a_hash_of_source_conversation_and_first_message"],
        ),
    ),
    *of(
        "is_excluded",
        (
            "a merged conversation never counts",
            "({{ keyword(exclusion_reason) }} <> 'merged' or not {{ is_escalated }})",
            "true",
            [
                "int_segment_kinds.a_merged_conversation_counts_only_where_it_was_escalated",
                "int_run_timeouts.a_merged_conversation_has_sessions_only_where_it_was_escalated",
                "int_kept_findings.a_customer_whom_nobody_answered_is_found",
            ],
        ),
        (
            "a merged conversation always counts",
            " or not {{ is_escalated }}",
            "",
            [
                "int_segment_kinds.a_merged_conversation_counts_only_where_it_was_escalated",
                "int_run_timeouts.a_merged_conversation_has_sessions_only_where_it_was_escalated",
                "int_kept_findings.a_customer_whom_nobody_answered_is_found",
            ],
        ),
        (
            "an escalation makes every conversation count",
            "{{ keyword(exclusion_reason) }} <> 'merged' or ",
            "",
            ["int_segment_kinds.a_merged_conversation_counts_only_where_it_was_escalated"],
        ),
        (
            "the reason is read in lower case alone",
            "{{ keyword(exclusion_reason) }} <> 'merged'",
            "{{ exclusion_reason }} <> 'merged'",
            ["int_segment_kinds.a_merged_conversation_counts_only_where_it_was_escalated"],
        ),
    ),
    *of(
        "local_timestamp",
        *(
            (
                what,
                old,
                new,
                [
                    "sessions.the_started_date_is_the_day_in_the_reporting_time_zone",
                    "segments.the_started_date_is_the_day_in_the_reporting_time_zone",
                    "sessions_by_hour.the_hour_is_that_of_the_reporting_time_zone",
                ],
            )
            for what, old, new in (
                (
                    "clocks are those of UTC",
                    "make_timestamptz(epoch_us({{ timestamp }})) at time zone {{ timezone }}",
                    "{{ timestamp }}",
                ),
                (
                    "every time zone is UTC",
                    "when {{ timezone }} = 'UTC'",
                    "when {{ timezone }} is not null",
                ),
            )
        ),
        (
            "the clocks of UTC are fast",
            "'UTC' then {{ timestamp }}",
            "'UTC' then {{ timestamp }} + interval 1 second",
            ["sessions_by_hour.an_hour_of_utc_needs_no_other_clock"],
        ),
    ),
    *of(
        "ratio",
        (
            "nothing of nothing is zero",
            "nullif({{ denominator }}, 0)",
            "greatest({{ denominator }}, 1)",
            [
                "containment_daily.a_rate_without_a_denominator_is_null",
                "conversations.the_rate_of_a_conversation_is_that_of_its_closed_sessions",
            ],
        ),
    ),
    *of(
        "wilson_bound",
        (
            "an interval of nothing",
            "when {{ denominator }} > 0",
            "when {{ denominator }} >= 0",
            ["containment_daily.a_rate_without_a_denominator_is_null"],
        ),
        (
            "an interval of 90 percent",
            "1.959963984540054",
            "1.644853626951472",
            ["containment_daily.the_headline_has_its_wilson_interval"],
        ),
        (
            "a low end below 0",
            "greatest(0e0, ",
            "greatest(-1e0, ",
            ["containment_daily.the_headline_has_its_wilson_interval"],
        ),
        (
            "a high end above 1",
            "                1e0,",
            "                2e0,",
            ["containment_daily.the_headline_has_its_wilson_interval"],
        ),
    ),
]

# --- staging: what is read and what is rejected --------------------------------------------------

STAGING = [
    *of(
        "stg_messages",
        (
            "exactly a day after not_after is the future",
            "> {{ last_usable_us() }}",
            ">= {{ last_usable_us() }}",
            ["a_message_from_the_future_is_rejected"],
        ),
        (
            "a load from the future is used",
            "greatest(sent_at, loaded_at)",
            "sent_at",
            ["a_message_from_the_future_is_rejected"],
        ),
        (
            "a time from the future is used where the load is none",
            "greatest(sent_at, loaded_at)",
            "loaded_at",
            ["a_message_from_the_future_is_rejected"],
        ),
        (
            "a blank is_public is internal",
            "{{ boolean('is_public', 'true') }} as is_public",
            "{{ boolean('is_public', 'false') }} as is_public",
            ["a_blank_is_public_is_public"],
        ),
        (
            "system messages are rejected",
            "not in ('customer', 'bot', 'agent', 'system')",
            "not in ('customer', 'bot', 'agent')",
            ["a_message_of_each_author_type_is_used"],
        ),
        (
            "a message needs no conversation",
            "message_id is null or conversation_id is null",
            "message_id is null",
            ["a_message_without_an_id_is_rejected"],
        ),
        (
            "a missing time comes before a missing id",
            "when message_id is null or conversation_id is null",
            "when sent_at is not null and (message_id is null or conversation_id is null)",
            ["a_message_without_an_id_is_rejected"],
        ),
        (
            "a missing time is called unreadable",
            "when sent_at is null and unreadable_sent_at is null then 'missing_time'",
            "",
            ["a_message_without_a_time_is_rejected"],
        ),
        (
            "an author type comes before an unreadable time",
            "when sent_at is null then",
            "when sent_at is null and author_type in ('customer', 'bot', 'agent', 'system') then",
            ["a_message_with_an_unreadable_time_is_rejected"],
        ),
        (
            "content that could not be read is a message without a time",
            "when author_type = 'unreadable content' then 'unreadable_content'",
            "",
            ["a_message_of_content_that_staging_could_not_read_is_rejected"],
        ),
        (
            "a missing author type is used",
            "author_type is null or author_type not in",
            "author_type not in",
            ["a_message_of_an_unknown_author_type_is_rejected"],
        ),
        (
            "an unreadable is_public is used",
            "when is_public is null then 'unreadable_is_public'",
            "",
            ["a_message_with_an_unreadable_is_public_is_rejected"],
        ),
        (
            "exactly a day after the load is too late",
            "> 86400000000",
            ">= 86400000000",
            ["a_message_more_than_a_day_after_its_load_is_rejected"],
        ),
        (
            "a microsecond more than a day after the load is used",
            "> 86400000000",
            "> 86400000001",
            ["a_message_more_than_a_day_after_its_load_is_rejected"],
        ),
    ),
    *of(
        "stg_events",
        (
            "exactly a day after not_after is the future",
            "> {{ last_usable_us() }}",
            ">= {{ last_usable_us() }}",
            ["an_event_from_the_future_is_rejected"],
        ),
        (
            "a load from the future is used",
            "greatest(occurred_at, loaded_at)",
            "occurred_at",
            ["an_event_from_the_future_is_rejected"],
        ),
        (
            "a time from the future is used where the load is none",
            "greatest(occurred_at, loaded_at)",
            "loaded_at",
            ["an_event_from_the_future_is_rejected"],
        ),
        (
            "any actor is taken",
            "when {{ keyword('actor_type') }} in ('customer', 'bot', 'agent', 'system')",
            "when true",
            ["an_event_type_is_read_in_any_case"],
        ),
        (
            "an event needs no conversation",
            "event_id is null or conversation_id is null",
            "event_id is null",
            ["an_event_without_an_id_is_rejected"],
        ),
        (
            "a missing time is called unreadable",
            "when occurred_at is null and unreadable_occurred_at is null then 'missing_time'",
            "",
            ["an_event_without_a_time_is_rejected"],
        ),
        (
            "a missing type comes before a missing time",
            "when occurred_at is null and unreadable_occurred_at is null then",
            "when event_type <> '' and occurred_at is null and unreadable_occurred_at is null then",
            ["an_event_without_a_time_is_rejected"],
        ),
        (
            "a missing type comes before an unreadable time",
            "when occurred_at is null then",
            "when occurred_at is null and event_type is not null then",
            ["an_event_with_an_unreadable_time_is_rejected"],
        ),
        (
            "an event without a type is used",
            "when event_type is null then 'missing_event_type'",
            "",
            ["an_event_without_a_type_is_rejected"],
        ),
        (
            "exactly a day after the load is too late",
            "> 86400000000",
            ">= 86400000000",
            ["an_event_more_than_a_day_after_its_load_is_rejected"],
        ),
        (
            "a microsecond more than a day after the load is used",
            "> 86400000000",
            "> 86400000001",
            ["an_event_more_than_a_day_after_its_load_is_rejected"],
        ),
    ),
    *of(
        "stg_conversations",
        (
            "exactly a day after not_after is the future",
            "> {{ last_usable_us() }}",
            ">= {{ last_usable_us() }}",
            ["a_conversation_from_the_future_is_rejected"],
        ),
        (
            "a load from the future is used",
            "greatest(created_at, loaded_at)",
            "created_at",
            ["a_conversation_from_the_future_is_rejected"],
        ),
        (
            "a time from the future is used where the load is none",
            "greatest(created_at, loaded_at)",
            "loaded_at",
            ["a_conversation_from_the_future_is_rejected"],
        ),
        (
            "a conversation without an id is used",
            "when conversation_id is null then",
            "when conversation_id = '' then",
            ["a_conversation_without_an_id_is_rejected"],
        ),
        (
            "an unreadable creation is rejected",
            "when conversation_id is null then",
            "when conversation_id is null or unreadable_created_at is not null then",
            ["a_conversation_without_an_id_is_rejected"],
        ),
        (
            "a channel is taken as it came",
            "{{ keyword('channel') }}",
            "{{ text('channel') }}",
            ["a_channel_is_read_in_any_case"],
        ),
    ),
]

ROW_HASHES = [
    mutation
    for sql, columns in (
        (
            "stg_messages",
            "message_id conversation_id author_type author_id is_public sent_at topic loaded_at",
        ),
        (
            "stg_events",
            "event_id conversation_id event_type occurred_at actor_type reason loaded_at",
        ),
        (
            "stg_conversations",
            "conversation_id channel brand customer_id created_at exclusion_reason loaded_at",
        ),
    )
    for mutation in of(
        sql,
        *(
            (
                f"{left_out} has no part in the hash",
                ", ".join(f"'{column}'" for column in columns.split()),
                ", ".join(f"'{column}'" for column in columns.split() if column != left_out),
                ["a_row_is_hashed_as_it_came"],
            )
            for left_out in columns.split()
        ),
    )
]

# --- rule 10: duplicates -------------------------------------------------------------------------


def changed(table: str, own_time: str, known: str) -> list[Mutation]:
    """What can go wrong in the int_changed_ model that takes the rows of `table`."""
    model = {"conversations": "int_changed_conversation_rows"}.get(table, f"int_changed_{table}")
    cut = "only_rows_of_changed_conversations_are_cut"
    return of(
        model,
        ("rows of another source are cut", f"{table}.source = changed.source", "true", [cut]),
        (
            "rows of other conversations are cut",
            f"and coalesce({table}.conversation_id, '') = changed.conversation_id",
            "",
            [cut],
        ),
        (
            "rows without a conversation are never cut",
            f"coalesce({table}.conversation_id, '')",
            f"{table}.conversation_id",
            [cut],
        ),
        (
            "the load time alone is known",
            f"coalesce({table}.loaded_at, {table}.{own_time}) as known_at",
            f"{table}.loaded_at as known_at",
            [known],
        ),
        (
            "the own time alone is known",
            f"coalesce({table}.loaded_at, {table}.{own_time}) as known_at",
            f"{table}.{own_time} as known_at",
            [known],
        ),
    )


def duplicates(table: str, content: list[str], keys: list[str]) -> list[Mutation]:
    """What can go wrong in int_repeated_<table>, for each column of the content and of the key."""
    by = ", ".join(keys)
    return of(
        f"int_repeated_{table}",
        (
            "the row loaded first counts",
            "known_at desc nulls last",
            "known_at asc nulls last",
            [
                "of_several_rows_the_one_loaded_last_counts",
                "a_row_without_a_load_time_counts_as_loaded_at_its_own_time",
            ],
        ),
        (
            "a row without a load time comes last",
            "known_at desc nulls last",
            "loaded_at desc nulls last",
            ["a_row_without_a_load_time_counts_as_loaded_at_its_own_time"],
        ),
        *(
            (
                f"the smallest {column} counts",
                f"{column} desc nulls last",
                f"{column} asc nulls last",
                ["of_rows_loaded_together_the_greatest_content_counts"],
            )
            for column in content
        ),
        *(
            (
                f"{first} does not come before {second}",
                f"{first} desc nulls last,\n            {second} desc nulls last",
                f"{second} desc nulls last,\n            {first} desc nulls last",
                ["of_rows_loaded_together_the_greatest_content_counts"],
            )
            for first, second in pairwise(content)
        ),
        (
            "no value counts more than a value",
            f"{content[-1]} desc nulls last",
            f"{content[-1]} desc nulls first",
            ["of_rows_loaded_together_the_greatest_content_counts"],
        ),
        (
            "the content counts before the load",
            f"known_at desc nulls last,\n            {content[0]} desc nulls last",
            f"{content[0]} desc nulls last,\n            known_at desc nulls last",
            ["of_several_rows_the_one_loaded_last_counts"],
        ),
        (
            "conversations share their ids",
            f"partition by {by}",
            f"partition by {', '.join(keys[1:]) or 1}",
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
        *(
            (
                f"{key} is no part of the key",
                f"partition by {by}",
                f"partition by {', '.join(other for other in keys if other != key)}",
                ["of_rows_loaded_together_the_greatest_content_counts"],
            )
            for key in keys[1:]
        ),
        (
            "a row alone is repeated",
            "having count(*) > 1",
            "having count(*) > 0",
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
        (
            "rejected rows are counted",
            f"where reject_reason is null\n    group by {by}",
            f"group by {by}",
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
        (
            "a rejected row counts",
            "where reject_reason is null\n),",
            "),",
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
    )


def union(sql: str, repeated: str, once: str) -> list[Mutation]:
    """What can go wrong where unrepeated rows and the rows that count are put together."""
    number = "conversation_number"
    return of(
        sql,
        ("rejected rows are used", "where reject_reason is null", "", [once]),
        ("duplicates stay", f"where {repeated}.{number} is null", "", [once]),
        (
            "the conversation is left out",
            f"usable_rows.{number} = {repeated}.{number}",
            "true",
            [once],
        ),
    )


DUPLICATES = [
    *changed(
        "conversations",
        "created_at",
        "a_conversation_without_a_load_time_is_known_at_its_creation",
    ),
    *changed("messages", "sent_at", "a_message_without_a_load_time_is_known_at_its_own_time"),
    *changed("events", "occurred_at", "an_event_without_a_load_time_is_known_at_its_own_time"),
    *duplicates(
        "messages",
        ["sent_at", "author_type", "author_id", "is_public", "topic"],
        ["conversation_number", "message_id"],
    ),
    *duplicates(
        "events",
        ["occurred_at", "event_type", "actor_type", "reason"],
        ["conversation_number", "event_id"],
    ),
    *duplicates(
        "conversations",
        ["channel", "brand", "customer_id", "created_at", "exclusion_reason"],
        ["conversation_number"],
    ),
    *union("int_messages", "repeated_messages", "each_usable_message_is_there_once"),
    *of(
        "int_messages",
        (
            "the id is left out",
            "usable_rows.message_id = repeated_messages.message_id",
            "true",
            ["each_usable_message_is_there_once"],
        ),
    ),
    *union("int_events", "repeated_events", "each_usable_event_is_there_once"),
    *of(
        "int_events",
        (
            "the id is left out",
            "usable_rows.event_id = repeated_events.event_id",
            "true",
            ["each_usable_event_is_there_once"],
        ),
    ),
    *union(
        "int_conversation_rows",
        "repeated_conversations",
        "each_usable_conversation_row_is_there_once",
    ),
    *of(
        "int_row_counts",
        *(
            (
                f"the {table} rows that repeat are counted themselves",
                f"cast(sum(row_count - 1) as bigint) as {table}_rows_duplicate",
                f"cast(sum(row_count) as bigint) as {table}_rows_duplicate",
                ["each_row_of_a_conversation_is_used_or_a_duplicate"],
            )
            for table in ("message", "event")
        ),
        *(
            (
                f"a conversation without {table} rows has no count",
                f"coalesce({table}s.{count}, 0)",
                f"{table}s.{count}",
                ["each_row_of_a_conversation_is_used_or_a_duplicate"],
            )
            for table, count in (
                ("used_message", "message_rows_used"),
                ("used_event", "event_rows_used"),
                ("duplicate_message", "message_rows_duplicate"),
                ("duplicate_event", "event_rows_duplicate"),
            )
        ),
        (
            "a repeated conversation row is counted itself",
            "coalesce(repeated_conversations.row_count - 1, 0)",
            "coalesce(repeated_conversations.row_count, 0)",
            ["each_row_of_a_conversation_is_used_or_a_duplicate"],
        ),
        (
            "an orphan uses a row",
            "when conversations.is_orphan then 0 else 1 end",
            "when conversations.is_orphan then 1 else 1 end",
            ["each_row_of_a_conversation_is_used_or_a_duplicate"],
        ),
        (
            "internal notes are activities",
            "is_public and author_type in",
            "author_type in",
            ["only_activities_are_counted_as_such"],
        ),
        (
            "system messages are activities",
            "in ('customer', 'bot', 'agent')",
            "in ('customer', 'bot', 'agent', 'system')",
            ["only_activities_are_counted_as_such"],
        ),
    ),
]

# --- what changed --------------------------------------------------------------------------------

CHANGES = [
    *of(
        "row_hash",
        (
            "values are hashed once",
            "hash(hash({{ columns | join(', ') }}))",
            "hash({{ columns | join(', ') }})",
            [
                "int_fingerprints.a_changed_timeout_changes_only_the_conversations_that_it_concerns",
                "int_fingerprints"
                ".a_changed_mapping_changes_only_the_conversations_with_such_an_event",
                "int_fingerprints.changed_settings_or_code_change_every_conversation_of_the_source",
            ],
        ),
    ),
    *of(
        "hash_sum",
        (
            "equal hashes count once",
            "sum({{ column }}) as hugeint",
            "sum(distinct {{ column }}) as hugeint",
            [
                "int_cut_states.a_state_is_that_of_the_rows_that_were_cut",
                "int_fingerprints"
                ".the_same_rows_have_the_same_fingerprint_in_whatever_order_they_come",
            ],
        ),
        (
            "a sum has no more room than a hash",
            "cast(sum({{ column }}) as hugeint)",
            "cast(sum({{ column }}) % 18446744073709551616 as hugeint)",
            [
                "int_cut_states.a_state_is_that_of_the_rows_that_were_cut",
                "int_fingerprints"
                ".the_same_rows_have_the_same_fingerprint_in_whatever_order_they_come",
            ],
        ),
    ),
    *of(
        "int_fingerprints",
        (
            "rows are not counted",
            "count(*) as row_count",
            "count(distinct row_hash) as row_count",
            ["the_same_rows_have_the_same_fingerprint_in_whatever_order_they_come"],
        ),
        *(
            (
                f"the rows of {model} have no part",
                f"from {{{{ ref('{model}') }}}}\n            where source",
                f"from {{{{ ref('{model}') }}}}\n            where false and source",
                [
                    "the_same_rows_have_the_same_fingerprint_in_whatever_order_they_come",
                    "rows_without_a_conversation_id_are_a_group_of_their_own",
                ],
            )
            for model in ("int_mapped_conversations", "stg_messages", "int_mapped_events")
        ),
        *(
            (
                f"the rows of {model} are those of every source",
                f"from {{{{ ref('{model}') }}}}\n            where source = '{{{{ source }}}}'",
                f"from {{{{ ref('{model}') }}}}",
                ["the_same_rows_have_the_same_fingerprint_in_whatever_order_they_come"],
            )
            for model in ("int_mapped_conversations", "stg_messages", "int_mapped_events")
        ),
        (
            "rows without a conversation have none",
            "coalesce(summed.conversation_id, '') as conversation_id",
            "summed.conversation_id",
            ["rows_without_a_conversation_id_are_a_group_of_their_own"],
        ),
        *(
            (
                f"{what} is no part of the rules",
                old,
                new,
                ["a_changed_timeout_changes_only_the_conversations_that_it_concerns"],
            )
            for what, old, new in (
                ("the channel", "['channel', 'has", "['has"),
                ("the policy", "'has_channel_policy', 'timeout_us'", "'timeout_us'"),
                ("the timeout", "'has_channel_policy', 'timeout_us'", "'has_channel_policy'"),
            )
        ),
        (
            "every conversation depends on the star",
            "case when summed.own_row_count = 0 then any_policy.timeout_minutes end",
            "any_policy.timeout_minutes",
            ["a_changed_timeout_changes_only_the_conversations_that_it_concerns"],
        ),
        (
            "an orphan does not depend on the star",
            "case when summed.own_row_count = 0 then any_policy.timeout_minutes end",
            "case when summed.own_row_count > 0 then 0 end",
            [
                "a_changed_timeout_changes_only_the_conversations_that_it_concerns",
                "changed_settings_or_code_change_every_conversation_of_the_source",
            ],
        ),
        (
            "types and boundaries count each on their own",
            "{{ row_hash(['event_type', 'boundary']) }}",
            "{{ row_hash(['event_type']) }}::hugeint + {{ row_hash(['boundary']) }}",
            ["a_changed_mapping_changes_only_the_conversations_with_such_an_event"],
        ),
        (
            "the boundary is no part of the rules",
            "['event_type', 'boundary']",
            "['event_type']",
            ["a_changed_mapping_changes_only_the_conversations_with_such_an_event"],
        ),
        *(
            (
                f"{word} is no part of the rules",
                f"'rules.{word}', ",
                "",
                ["changed_settings_or_code_change_every_conversation_of_the_source"],
            )
            for word in (
                *("code_version", "session_scope", "after_escalation", "takeover_boundary"),
            )
        ),
        (
            "courtesy_minutes is no part of the rules",
            ", 'rules.courtesy_minutes'",
            "",
            ["changed_settings_or_code_change_every_conversation_of_the_source"],
        ),
        (
            "another source's rules count",
            "summed.source = rules.source",
            "true",
            ["changed_settings_or_code_change_every_conversation_of_the_source"],
        ),
    ),
    *of(
        "int_changed_conversations",
        (
            "a row that not_after has left behind is kept as it was",
            "states.newest_accepted_us > {{ last_usable_us() }}",
            "false",
            ["a_conversation_is_cut_again_when_not_after_has_moved_past_one_of_its_rows"],
        ),
        (
            "a row at the last usable moment is cut again",
            "states.newest_accepted_us > {{ last_usable_us() }}",
            "states.newest_accepted_us >= {{ last_usable_us() }}",
            ["a_conversation_is_cut_again_when_not_after_has_moved_past_one_of_its_rows"],
        ),
        (
            "a row that not_after has reached stays rejected",
            "or states.oldest_rejected_us <= {{ last_usable_us() }}",
            "",
            [
                "a_conversation_is_cut_again_when_not_after_has_moved_past_one_of_its_rows",
                "without_a_not_after_every_row_that_was_from_the_future_is_back",
            ],
        ),
        (
            "a row that is rejected at the last usable moment stays rejected",
            "states.oldest_rejected_us <= {{ last_usable_us() }}",
            "states.oldest_rejected_us < {{ last_usable_us() }}",
            ["a_conversation_is_cut_again_when_not_after_has_moved_past_one_of_its_rows"],
        ),
        (
            "what has vanished is left",
            "full outer join states",
            "left join states",
            ["a_conversation_without_a_state_is_new_and_a_state_without_rows_has_vanished"],
        ),
        (
            "what is new is left",
            "full outer join states",
            "right join states",
            ["a_conversation_without_a_state_is_new_and_a_state_without_rows_has_vanished"],
        ),
        (
            "another source's state counts",
            "fingerprints.source = states.source",
            "true",
            ["a_conversation_without_a_state_is_new_and_a_state_without_rows_has_vanished"],
        ),
        (
            "conversations are numbered as they come",
            "row_number() over (order by source, conversation_id)",
            "row_number() over (order by conversation_id, source)",
            ["a_conversation_without_a_state_is_new_and_a_state_without_rows_has_vanished"],
        ),
        (
            "unchanged conversations are cut",
            "where change_reason is not null",
            "",
            ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
        ),
        (
            "only less is a change",
            "fingerprints.row_count <> states",
            "fingerprints.row_count < states",
            ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
        ),
        *(
            (
                f"{what} rows are not counted",
                f"states.{what}_rows",
                "0",
                ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
            )
            for what in ("conversation", "message", "event")
        ),
        (
            "the rows' fingerprints are not compared",
            "or fingerprints.rows_fingerprint <> states.rows_fingerprint",
            "",
            ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
        ),
        (
            "only more is a change",
            "fingerprints.row_count <> states",
            "fingerprints.row_count > states",
            ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
        ),
        (
            "the rules' fingerprints are not compared",
            "when fingerprints.rules_fingerprint <> states.rules_fingerprint then 'rules'",
            "",
            ["a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed"],
        ),
        (
            "the rules of the cut before are told",
            "        fingerprints.rules_fingerprint,",
            "        states.rules_fingerprint,",
            [
                "a_conversation_is_cut_again_when_its_rows_or_its_rules_have_changed",
                "a_conversation_without_a_state_is_new_and_a_state_without_rows_has_vanished",
            ],
        ),
        (
            "what was begun is finished",
            "when states.unfinished_reason is not null then states.unfinished_reason",
            "",
            ["an_unfinished_conversation_is_cut_again_whatever_it_looks_like"],
        ),
        (
            "what is back has vanished",
            "when states.unfinished_reason = 'vanished' then 'rows'",
            "",
            ["an_unfinished_conversation_is_cut_again_whatever_it_looks_like"],
        ),
        (
            "what was begun and is gone is cut",
            "when fingerprints.source is null then 'vanished'",
            "when fingerprints.source is null and states.unfinished_reason is null then 'vanished'",
            ["an_unfinished_conversation_is_cut_again_whatever_it_looks_like"],
        ),
    ),
    *of(
        "int_cut_states",
        *(
            (
                what,
                old,
                new,
                ["the_newest_accepted_and_the_oldest_rejected_time_are_kept"],
            )
            for what, old, new in (
                (
                    "a time after the load is no accepted one",
                    "reject_reason is null or reject_reason = 'time_after_load'",
                    "reject_reason is null",
                ),
                (
                    "any rejected time is accepted",
                    "reject_reason is null or reject_reason = 'time_after_load'",
                    "true",
                ),
                (
                    "the load of a conversation is left out",
                    "greatest(created_at, loaded_at)",
                    "created_at",
                ),
                (
                    "the load of an event is left out",
                    "greatest(occurred_at, loaded_at)",
                    "occurred_at",
                ),
                ("the time of a message is left out", "greatest(sent_at, loaded_at)", "loaded_at"),
                (
                    "the newest rejected time is kept",
                    "min(case when reject_reason = 'time_in_future'",
                    "max(case when reject_reason = 'time_in_future'",
                ),
                (
                    "any rejected time is one from the future",
                    "min(case when reject_reason = 'time_in_future'",
                    "min(case when reject_reason is not null",
                ),
            )
        ),
        *(
            (
                f"the {table} rows have no part",
                f"from {{{{ ref('{model}') }}}}",
                f"from {{{{ ref('{model}') }}}} where false",
                [
                    f"the_newest_load_of_{one}_is_known",
                    "a_state_is_that_of_the_rows_that_were_cut",
                ],
            )
            for table, model, one in (
                ("conversation", "int_changed_conversation_rows", "a_conversation"),
                ("message", "int_changed_messages", "a_message"),
                ("event", "int_changed_events", "an_event"),
            )
        ),
        (
            "the oldest load is known",
            "max(case when reject_reason is null then",
            "min(case when reject_reason is null then",
            [
                "the_newest_load_of_a_message_is_known",
                "the_newest_load_of_an_event_is_known",
                "the_newest_load_of_a_conversation_is_known",
            ],
        ),
        (
            "a rejected row is known",
            "max(case when reject_reason is null then {{ epoch_us('known_at') }} end)",
            "max({{ epoch_us('known_at') }})",
            ["a_rejected_row_has_no_part_in_what_is_known"],
        ),
        (
            "rejected rows have no part in the fingerprint",
            "from cut_rows\n",
            "from cut_rows where reject_reason is null\n",
            ["a_rejected_row_has_no_part_in_what_is_known"],
        ),
        (
            "what has vanished has a state",
            "from summed\n    inner join changed",
            "from summed\n    right join changed",
            ["a_state_is_that_of_the_rows_that_were_cut"],
        ),
        (
            "it is left unfinished",
            "cast(null as {{ dbt.type_string() }}) as unfinished_reason",
            "changed.change_reason as unfinished_reason",
            ["a_state_is_that_of_the_rows_that_were_cut"],
        ),
    ),
]

# --- settings, lookups, conversations ------------------------------------------------------------

LOOKUPS = [
    *of(
        "int_settings",
        (
            "as_of is later than not_after",
            "case when newest_known_at > not_after then not_after else newest_known_at end",
            "newest_known_at",
            ["as_of_is_by_default_at_most_not_after"],
        ),
        (
            "as_of is not_after",
            "case when newest_known_at > not_after then not_after else newest_known_at end",
            "coalesce(not_after, newest_known_at)",
            [
                "a_not_after_that_is_later_than_every_row_moves_nothing",
                "without_a_row_there_is_no_as_of",
            ],
        ),
        (
            "not_after bounds an as_of that is set",
            "{{ utc_timestamp(setting('as_of')) }},",
            "least({{ utc_timestamp(setting('as_of')) }}, not_after),",
            ["an_as_of_that_is_set_may_lie_after_not_after"],
        ),
        (
            "the oldest load of a conversation",
            "max(newest_known_us)",
            "min(newest_known_us)",
            ["as_of_is_by_default_the_newest_time_that_a_kept_conversation_knows"],
        ),
        (
            "the newest load wins over the setting",
            "{{ utc_timestamp(setting('as_of')) }},",
            "newest_known_at, {{ utc_timestamp(setting('as_of')) }},",
            ["an_as_of_that_is_set_counts"],
        ),
    ),
    *of(
        "int_rules",
        (
            "the courtesy minutes are forgotten",
            "cast({{ setting('courtesy_minutes') }} as integer)",
            "0",
            ["each_source_has_the_settings_and_its_own_code"],
        ),
        (
            "sources are one",
            "'{{ source }}' as source",
            "'{{ var('sources')[0] }}' as source",
            ["each_source_has_the_settings_and_its_own_code"],
        ),
        (
            "takeovers are inferred in every source",
            "when rules_of_settings.is_takeover_inferred then",
            "when true then",
            ["what_a_takeover_ends_is_said_by_the_setting_and_the_lookup"],
        ),
        (
            "the mapping for every source wins",
            "coalesce(own_type.boundary, any_type.boundary, 'none')",
            "coalesce(any_type.boundary, own_type.boundary, 'none')",
            ["what_a_takeover_ends_is_said_by_the_setting_and_the_lookup"],
        ),
        (
            "every event type is a takeover",
            "where event_type = 'agent_takeover'",
            "",
            ["what_a_takeover_ends_is_said_by_the_setting_and_the_lookup"],
        ),
        (
            "a takeover that nobody mapped escalates",
            "any_type.boundary, 'none')",
            "any_type.boundary, 'escalated')",
            ["a_takeover_that_no_lookup_knows_ends_nothing"],
        ),
        (
            "any source's mapping holds",
            "any_type.source = '*'",
            "any_type.source <> rules_of_settings.source",
            ["a_takeover_that_no_lookup_knows_ends_nothing"],
        ),
    ),
    *of(
        "int_mapped_events",
        (
            "the mapping for every source wins",
            "coalesce(own_type.boundary, any_type.boundary)",
            "coalesce(any_type.boundary, own_type.boundary)",
            ["a_mapping_for_the_source_wins_over_the_one_for_every_source"],
        ),
        (
            "there is no mapping for every source",
            "coalesce(own_type.boundary, any_type.boundary)",
            "own_type.boundary",
            ["a_mapping_for_the_source_wins_over_the_one_for_every_source"],
        ),
        (
            "any source's mapping holds",
            "any_type.source = '*'",
            "any_type.source <> events.source",
            ["an_event_type_that_no_lookup_knows_has_no_boundary"],
        ),
        (
            "an unknown type resolves",
            "coalesce(own_type.boundary, any_type.boundary)",
            "coalesce(own_type.boundary, any_type.boundary, 'resolved')",
            ["an_event_type_that_no_lookup_knows_has_no_boundary"],
        ),
        (
            "rejected events are left out",
            "and events.event_type = any_type.event_type",
            "and events.event_type = any_type.event_type\n    where events.reject_reason is null",
            ["a_rejected_event_is_mapped_like_any_other"],
        ),
    ),
    *of(
        "int_mapped_conversations",
        (
            "the star wins over the channel",
            "coalesce(own_policy.timeout_minutes, any_policy.timeout_minutes)",
            "coalesce(any_policy.timeout_minutes, own_policy.timeout_minutes)",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
        (
            "a channel named like the star has a row of its own",
            "            and own_policy.channel <> '*'\n",
            "",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
        (
            "there is no star",
            "any_policy.channel = '*'",
            "any_policy.channel = conversations.channel",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
        (
            "the star is a policy of the channel",
            "own_policy.channel is not null as",
            "coalesce(own_policy.channel, any_policy.channel) is not null as",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
        (
            "minutes are taken for seconds",
            "60000000 *",
            "1000000 *",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
        (
            "rejected rows are left out",
            "any_policy.channel = '*'",
            "any_policy.channel = '*'\n    where conversations.reject_reason is null",
            ["each_channel_has_its_own_timeout_and_the_star_is_for_every_other"],
        ),
    ),
    *of(
        "int_conversations",
        (
            "messages make no conversation",
            "from {{ ref('int_messages') }}",
            "from {{ ref('int_messages') }} where false",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "events make no conversation",
            "from {{ ref('int_events') }}",
            "from {{ ref('int_events') }} where false",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "no channel is no channel",
            "coalesce(conversation_rows.channel, 'unknown')",
            "conversation_rows.channel",
            [
                "a_conversation_without_a_row_of_its_own_is_of_channel_unknown",
                "a_conversation_keeps_the_timeout_that_its_row_was_mapped_to",
            ],
        ),
        (
            "another conversation's row is taken",
            "known_numbers.conversation_number = conversation_rows.conversation_number",
            "true",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "changed conversations without a usable row are there",
            "on known_numbers.conversation_number = changed.conversation_number",
            "on true",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "an orphan takes another channel's timeout",
            "any_policy.channel = '*'",
            "any_policy.channel = 'unknown'",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "minutes are taken for seconds",
            "60000000 *",
            "1000000 *",
            ["a_conversation_without_a_row_of_its_own_is_of_channel_unknown"],
        ),
        (
            "the star wins over the row",
            "coalesce(conversation_rows.timeout_us, "
            "60000000 * cast(any_policy.timeout_minutes as bigint))",
            "60000000 * cast(any_policy.timeout_minutes as bigint)",
            ["a_conversation_keeps_the_timeout_that_its_row_was_mapped_to"],
        ),
    ),
    *of(
        "int_kept_findings",
        (
            "an event at the first activity is before it",
            "< segments.started_us",
            "<= segments.started_us",
            ["terminal_events_before_the_first_activity_are_counted"],
        ),
        (
            "a conversation without activity is left out",
            "segments.started_us is null or ",
            "",
            ["terminal_events_before_the_first_activity_are_counted"],
        ),
        (
            "events before a later segment are counted",
            "and segments.segment_number = 1",
            "",
            ["terminal_events_before_the_first_activity_are_counted"],
        ),
        (
            "events without a boundary are counted",
            "events.boundary in ('resolved', 'escalated')",
            "true",
            ["terminal_events_before_the_first_activity_are_counted"],
        ),
        (
            "public messages are internal notes",
            "where not is_public",
            "where true",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        (
            "people are systems",
            "where author_type = 'system'",
            "where author_type in ('system', 'agent')",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        (
            "an event mapped to none is not mapped",
            "where boundary is null",
            "where coalesce(boundary, 'none') = 'none'",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        (
            "an orphan lacks a channel too",
            "where not is_orphan and channel = 'unknown'",
            "where channel = 'unknown'",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        (
            "no channel is found by nobody",
            "where not is_orphan and channel = 'unknown'",
            "where not is_orphan and channel is null",
            ["a_conversation_row_without_a_channel_is_found"],
        ),
        (
            "a missing channel lacks a policy",
            "where channel <> 'unknown' and not has_channel_policy",
            "where not has_channel_policy",
            [
                "what_was_found_is_counted_for_each_conversation",
                "a_conversation_row_without_a_channel_is_found",
            ],
        ),
        (
            "a known customer is unknown",
            "where customer_id is null",
            "where true",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        (
            "a finding is there or not",
            "count(*) as row_count",
            "1 as row_count",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        *(
            (what, old, new, ["a_customer_whom_nobody_answered_is_found"])
            for what, old, new in (
                (
                    "a greeting waits for an answer",
                    "sum(segments.customer_message_count) > 0",
                    "sum(segments.customer_message_count) >= 0",
                ),
                (
                    "a person is no answer",
                    "sum(segments.bot_message_count + segments.agent_message_count) = 0",
                    "sum(segments.bot_message_count) = 0",
                ),
                (
                    "a bot is no answer",
                    "sum(segments.bot_message_count + segments.agent_message_count) = 0",
                    "sum(segments.agent_message_count) = 0",
                ),
                (
                    "one segment without an answer is enough",
                    "sum(segments.bot_message_count + segments.agent_message_count) = 0",
                    "min(segments.bot_message_count + segments.agent_message_count) = 0",
                ),
                (
                    "what is excluded is found",
                    "and not {{ is_excluded('conversations.exclusion_reason',"
                    " '(count(segments.first_escalated_us) > 0)') }}",
                    "",
                ),
            )
        ),
    ),
    *of(
        "int_kept_findings",
        (
            "load times that can be read are found",
            "where unreadable_loaded_at is not null",
            "",
            ["what_was_found_is_counted_for_each_conversation"],
        ),
        times=3,
    ),
    *of(
        "int_session_findings",
        *(
            (
                what,
                old,
                new,
                [
                    "contained_sessions_that_hold_a_persons_message_are_found_where_nobody_takes_over",
                ],
            )
            for what, old, new in (
                (
                    "a person who came first is found too",
                    "    where takeover_boundary <> 'escalated'\n",
                    "",
                ),
                (
                    "a takeover that resolves is an escalation",
                    "takeover_boundary <> 'escalated'",
                    "takeover_boundary = 'none'",
                ),
                (
                    "nobody has to have written",
                    "sessions.agent_message_count > 0",
                    "sessions.agent_message_count >= 0",
                ),
                (
                    "a session at its deadline is contained",
                    "settings.as_of_us > sessions",
                    "settings.as_of_us >= sessions",
                ),
                (
                    "a session that waited for no silence is open",
                    "sessions.open_until_us is null or ",
                    "",
                ),
                (
                    "a late resolution waits for the silence",
                    "when 'resolved' then true\n            when 'timed_out' then",
                    "when 'resolved' then sessions.open_until_us is null\n"
                    "            when 'timed_out' then",
                ),
                (
                    "an escalated session is contained",
                    "else false",
                    "else true",
                ),
                (
                    "a source's sessions are those of all",
                    "sessions.source = sources_without_takeovers.source",
                    "true",
                ),
            )
        ),
    ),
    *of(
        "data_quality",
        (
            "the conversations that have a finding are counted",
            "sum(row_count) as row_count",
            "count(*) as row_count",
            ["a_finding_is_counted_over_all_conversations_of_a_source"],
        ),
        (
            "each count is a row",
            "group by source, finding",
            "group by source, finding, row_count",
            ["a_finding_is_counted_over_all_conversations_of_a_source"],
        ),
        (
            "what was found in ratings is left out",
            "from {{ ref('int_rating_findings') }}",
            "from {{ ref('int_rating_findings') }} where false",
            ["a_finding_is_counted_over_all_conversations_of_a_source"],
        ),
        (
            "what was found in sessions is left out",
            "from {{ ref('int_session_findings') }}",
            "from {{ ref('int_session_findings') }} where false",
            ["a_finding_is_counted_over_all_conversations_of_a_source"],
        ),
    ),
    *of(
        "row_reconciliation",
        (
            "a source without a row has no table",
            "left join read_by_source",
            "inner join read_by_source",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
        (
            "rejected rows are those of the source",
            "and source_tables.table_name = rejected_by_table.table_name",
            "",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
        (
            "used rows are those that were read",
            "when 'messages' then used_by_source.message_rows_used",
            "when 'messages' then read_by_source.message_rows",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
        (
            "repeated events are repeated messages",
            "when 'events' then used_by_source.event_rows_duplicate",
            "when 'events' then used_by_source.message_rows_duplicate",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
    ),
    *of(
        "int_kept_rejected_rows",
        *(
            (
                f"used {table} are rejected",
                f"on rejected.conversation_number = changed.conversation_number\n"
                f"    where rejected.reject_reason is not null\n),\n\n{follows}",
                f"on rejected.conversation_number = changed.conversation_number\n),\n\n{follows}",
                [SHAPED],
            )
            for table, follows in (
                ("conversations", "rejected_messages as"),
                ("messages", "rejected_events as"),
                ("events", "final as"),
            )
        ),
        (
            "an unreadable time is lost",
            "'sent_at': as_read('sent_at')",
            "'sent_at': 'sent_at'",
            [SHAPED],
        ),
        (
            "a brand is shown as it came",
            "word('brand')",
            "'brand'",
            [SHAPED],
        ),
        (
            "a row that names no conversation says a blank one",
            "nullif(conversation_id, '')",
            "conversation_id",
            [SHAPED],
        ),
    ),
    *of(
        "rejected_rows",
        (
            "no conversation is a blank one",
            "nullif(conversation_id, '')",
            "conversation_id",
            ["a_row_that_names_no_conversation_has_none"],
        ),
        (
            "used ratings are rejected",
            "where reject_reason is not null",
            "",
            ["the_ratings_that_cannot_be_used_are_rejected_rows_too"],
        ),
    ),
]

# --- rules 1 to 4: the timeline and its segments -------------------------------------------------

ROWS_BEFORE = """(
            partition by conversation_number
            order by happened_us, place_order, row_id, -tie_order
            rows between unbounded preceding and 1 preceding
        )"""

TIMELINE = [
    *of(
        "int_timeline",
        (
            "internal notes are activities",
            "messages.is_public\n        and ",
            "",
            [
                "public_messages_of_customer_bot_and_agent_are_activities",
                "what_is_no_activity_keeps_no_session_alive",
            ],
        ),
        (
            "system messages are activities",
            "in ('customer', 'bot', 'agent')",
            "in ('customer', 'bot', 'agent', 'system')",
            [
                "public_messages_of_customer_bot_and_agent_are_activities",
                "what_is_no_activity_keeps_no_session_alive",
            ],
        ),
        (
            "agents' messages are no activities",
            "in ('customer', 'bot', 'agent')",
            "in ('customer', 'bot')",
            ["public_messages_of_customer_bot_and_agent_are_activities"],
        ),
        (
            "the id is ordered downwards",
            "'happened_us, place_order, row_id",
            "'happened_us, place_order, row_id desc",
            ["rows_are_ordered_by_time_and_then_by_id"],
        ),
        (
            "events come before messages",
            "0 as tie_order",
            "3 as tie_order",
            [
                "at_the_same_time_messages_come_before_escalations_before_resolutions",
                "a_message_at_the_instant_of_the_close_belongs_to_the_session_that_it_closes",
            ],
        ),
        (
            "resolutions come before escalations",
            "case events.boundary when 'escalated' then 1 else 2 end",
            "case events.boundary when 'escalated' then 2 else 1 end",
            ["at_the_same_time_messages_come_before_escalations_before_resolutions"],
        ),
        (
            "every event is terminal",
            "where events.boundary in ('resolved', 'escalated')",
            "",
            [
                "only_events_mapped_to_a_boundary_are_terminal",
                "what_is_no_activity_keeps_no_session_alive",
            ],
        ),
        (
            "escalations are not terminal",
            "where events.boundary in ('resolved', 'escalated')",
            "where events.boundary in ('resolved')",
            ["only_events_mapped_to_a_boundary_are_terminal"],
        ),
        (
            "all conversations are one",
            "case when has_row_before then row_before_us end as",
            "row_before_us as",
            ["the_first_activity_of_each_conversation_is_the_first_contact"],
        ),
        (
            "messages of other conversations are taken",
            "messages.conversation_number = conversations.conversation_number",
            "true",
            ["the_first_activity_of_each_conversation_is_the_first_contact"],
        ),
        (
            "events of other conversations are taken",
            "events.conversation_number = conversations.conversation_number",
            "true",
            ["the_first_activity_of_each_conversation_is_the_first_contact"],
        ),
        (
            "a gap of exactly the timeout cuts",
            "> timeout_us",
            ">= timeout_us",
            [
                "a_gap_of_exactly_the_timeout_does_not_cut",
                "an_activity_exactly_the_timeout_after_an_escalation_starts_as_escalated",
            ],
        ),
        (
            "a microsecond more does not cut",
            "> timeout_us",
            "> timeout_us + 1",
            [
                "a_gap_of_a_microsecond_more_than_the_timeout_cuts",
                "an_activity_more_than_the_timeout_after_an_escalation_starts_by_inactivity",
            ],
        ),
        (
            "the gap runs from the first activity",
            "then row_before_us end",
            f"then min(happened_us) over {ROWS_BEFORE} end",
            ["a_gap_of_exactly_the_timeout_does_not_cut"],
        ),
        (
            "the gap runs from the last activity also after an escalation",
            "then row_before_us end",
            f"then max(case when tie_order = 0 then happened_us end) over {ROWS_BEFORE} end",
            ["an_activity_exactly_the_timeout_after_an_escalation_starts_as_escalated"],
        ),
        (
            "one timeout for all",
            "> timeout_us",
            "> 1800000000",
            ["each_conversation_is_cut_by_its_own_timeout"],
        ),
        (
            "inactivity wins over a resolution",
            "when previous_tie_order = 2 then 'resolved'",
            "when previous_tie_order = 2 and happened_us - previous_us < timeout_us"
            " then 'resolved'",
            ["an_activity_after_a_resolution_starts_as_resolved_after_a_silence_too"],
        ),
        (
            "an escalation wins over inactivity",
            "when happened_us - previous_us > timeout_us",
            "when previous_tie_order = 0 and happened_us - previous_us > timeout_us",
            ["an_activity_more_than_the_timeout_after_an_escalation_starts_by_inactivity"],
        ),
        (
            "any resolution before counts",
            "then row_before_tie_order end",
            f"then max(tie_order) over {ROWS_BEFORE} end",
            ["the_last_of_several_terminal_events_gives_the_start_reason"],
        ),
        (
            "any escalation before counts",
            "when previous_tie_order = 2 then 'resolved'",
            "when previous_tie_order = 2"
            f" and max(case when tie_order = 1 then 1 end) over {ROWS_BEFORE} is null"
            " then 'resolved'",
            ["the_last_of_several_terminal_events_gives_the_start_reason"],
        ),
        (
            "a resolution starts a segment",
            "when tie_order > 0 then null",
            "when tie_order = 1 then null",
            ["a_terminal_event_starts_no_segment"],
        ),
        (
            "an escalation starts a segment",
            "when tie_order > 0 then null",
            "when tie_order = 2 then null",
            ["a_terminal_event_starts_no_segment"],
        ),
        (
            "a takeover comes after the message that takes over",
            "row_id, -tie_order",
            "row_id, tie_order",
            [
                "a_takeover_comes_directly_before_the_message_that_takes_over",
                "a_takeover_that_is_mapped_to_resolved_resolves",
            ],
        ),
        (
            "a takeover comes where other events do",
            "0 as place_order",
            "tie_order as place_order",
            ["a_takeover_comes_directly_before_the_message_that_takes_over"],
        ),
        (
            "a takeover comes before every message of its time",
            "0 as place_order",
            "-1 as place_order",
            ["a_takeover_comes_directly_before_the_message_that_takes_over"],
        ),
        (
            "a takeover cuts as an escalation always",
            "case takeovers.takeover_boundary when 'escalated' then 1 else 2 end",
            "1",
            ["a_takeover_that_is_mapped_to_resolved_resolves"],
        ),
        (
            "nobody takes over",
            "'agent' as actor",
            "cast(null as varchar) as actor",
            ["a_takeover_comes_directly_before_the_message_that_takes_over"],
        ),
        (
            "takeovers of other conversations are taken",
            "takeovers.conversation_number = conversations.conversation_number",
            "true",
            ["the_takeovers_of_a_conversation_are_its_own"],
        ),
    ),
    *of(
        "int_takeovers",
        (
            "notes take over",
            "where is_public and author_type",
            "where author_type",
            ["an_internal_note_takes_nothing_over"],
        ),
        (
            "the customer comes between",
            "in ('bot', 'agent')",
            "in ('customer', 'bot', 'agent')",
            ["neither_a_silence_nor_the_customer_comes_between_a_bot_and_the_person"],
        ),
        (
            "whoever is a system comes between",
            "in ('bot', 'agent')",
            "in ('system', 'bot', 'agent')",
            ["neither_a_silence_nor_the_customer_comes_between_a_bot_and_the_person"],
        ),
        (
            "every event comes between",
            "    where boundary in ('resolved', 'escalated')",
            "",
            ["after_a_terminal_event_nobody_takes_over"],
        ),
        (
            "a resolution does not come between",
            "    where boundary in ('resolved', 'escalated')",
            "    where boundary = 'escalated'",
            ["after_a_terminal_event_nobody_takes_over"],
        ),
        (
            "a handoff does not come between",
            "    where boundary in ('resolved', 'escalated')",
            "    where boundary = 'resolved'",
            ["after_a_terminal_event_nobody_takes_over"],
        ),
        (
            "events come before messages",
            "0 as tie_order",
            "3 as tie_order",
            ["after_a_terminal_event_nobody_takes_over"],
        ),
        (
            "the id is ordered downwards",
            "rows_in_order.tie_order, rows_in_order.row_id",
            "rows_in_order.tie_order, rows_in_order.row_id desc",
            ["within_one_moment_the_ids_say_who_wrote_first"],
        ),
        (
            "all conversations are one",
            "partition by rows_in_order.conversation_number",
            "partition by 1",
            ["a_person_who_writes_after_the_bot_takes_over"],
        ),
        (
            "a person takes over from a person",
            "previous_kind = 'bot'",
            "previous_kind in ('bot', 'agent')",
            ["a_person_who_writes_after_the_bot_takes_over"],
        ),
        (
            "the bot takes over from itself",
            "row_kind = 'agent' and previous_kind",
            "previous_kind",
            ["a_person_who_writes_after_the_bot_takes_over"],
        ),
        (
            "what ends nothing is a takeover",
            "where rules.takeover_boundary in ('resolved', 'escalated')",
            "",
            ["where_takeovers_end_nothing_there_are_none"],
        ),
        (
            "only an escalation takes over",
            "where rules.takeover_boundary in ('resolved', 'escalated')",
            "where rules.takeover_boundary = 'escalated'",
            ["where_takeovers_end_nothing_there_are_none"],
        ),
    ),
    *of(
        "int_segmented_timeline",
        (
            "a terminal event belongs to nothing before the next activity",
            "count(start_reason) over so_far",
            "count(start_reason) over (rows between unbounded preceding and 1 preceding)",
            ["a_terminal_event_belongs_to_the_segment_of_the_activity_before_it"],
        ),
        (
            "all conversations are one",
            "start_count - earlier_start_count as",
            "start_count as",
            ["a_terminal_event_belongs_to_the_segment_of_the_activity_before_it"],
        ),
        (
            "agents' messages are no activities",
            "in ('customer', 'bot', 'agent') as is_activity",
            "in ('customer', 'bot') as is_activity",
            ["a_terminal_event_belongs_to_the_segment_of_the_activity_before_it"],
        ),
        (
            "an early terminal event has a segment",
            "where segment_number > 0",
            "",
            ["a_terminal_event_before_the_first_activity_belongs_to_nothing"],
        ),
        (
            "an early terminal event makes a return",
            "case when start_reason is not null and segment_number = 1 then 'first_contact'"
            " else start_reason end",
            "start_reason",
            ["a_terminal_event_before_the_first_activity_belongs_to_nothing"],
        ),
        (
            "positions count from the start of the conversation",
            "row_position - start_position + 1",
            "row_position",
            [
                "a_terminal_event_belongs_to_the_segment_of_the_activity_before_it",
                "a_terminal_event_before_the_first_activity_belongs_to_nothing",
            ],
        ),
        (
            "a customer of an earlier segment is heard",
            "last_customer_position >= start_position",
            "last_customer_position >= 1",
            ["a_customer_is_heard_from_the_first_customer_message_of_the_segment_on"],
        ),
        (
            "a customer who opens the segment is not heard",
            "last_customer_position >= start_position",
            "last_customer_position > start_position",
            ["a_customer_is_heard_from_the_first_customer_message_of_the_segment_on"],
        ),
    ),
    *of(
        "int_segments",
        (
            "a terminal event makes the segment longer",
            "max(case when is_activity then happened_us end)",
            "max(happened_us)",
            ["a_segment_runs_from_its_first_activity_to_its_last"],
        ),
        (
            "the smallest id is the first message",
            "max(case when position_in_segment = 1 then row_id end)",
            "min(row_id)",
            ["a_segment_runs_from_its_first_activity_to_its_last"],
        ),
        (
            "the first activity is the last",
            "min(case when is_activity then happened_us end)",
            "max(case when is_activity then happened_us end)",
            ["a_segment_runs_from_its_first_activity_to_its_last"],
        ),
        (
            "agents' messages are the bot's",
            "count(case when row_kind = 'bot' then 1 end)",
            "count(case when row_kind in ('bot', 'agent') then 1 end)",
            ["messages_are_counted_by_their_author"],
        ),
        (
            "terminal events are customer messages",
            "count(case when row_kind = 'customer' then 1 end)",
            "count(case when row_kind not in ('bot', 'agent') then 1 end)",
            ["messages_are_counted_by_their_author"],
        ),
        (
            "the last resolution is taken for the first",
            "min(case when row_kind = 'resolved' then happened_us end)",
            "max(case when row_kind = 'resolved' then happened_us end)",
            ["the_first_and_the_last_terminal_event_of_each_kind_are_kept"],
        ),
        (
            "the first escalation is taken for the last",
            "max(case when row_kind = 'escalated' then happened_us end)",
            "min(case when row_kind = 'escalated' then happened_us end)",
            ["the_first_and_the_last_terminal_event_of_each_kind_are_kept"],
        ),
        (
            "an unknown person is replaced by a later one",
            "min_by(coalesce(actor, ''), case when row_kind = 'escalated'",
            "min_by(actor, case when row_kind = 'escalated'",
            ["the_first_and_the_last_terminal_event_of_each_kind_are_kept"],
        ),
        (
            "a missing reason is replaced by a later one",
            "min_by(coalesce(detail, ''), case when row_kind = 'escalated'",
            "min_by(detail, case when row_kind = 'escalated'",
            ["the_first_and_the_last_terminal_event_of_each_kind_are_kept"],
        ),
        (
            "a greeting is a reply",
            " and is_customer_heard",
            "",
            ["the_first_bot_reply_comes_after_the_customer"],
        ),
        (
            "an agent's answer is the bot's",
            "row_kind = 'bot' and is_customer_heard",
            "row_kind in ('bot', 'agent') and is_customer_heard",
            ["the_first_bot_reply_comes_after_the_customer"],
        ),
        (
            "a bot without an id is passed over",
            "min_by(coalesce(actor, 'unknown'), case",
            "min_by(actor, case",
            ["the_first_and_the_last_bot_are_those_of_their_messages"],
        ),
        (
            "an agent is the last bot",
            "max_by(coalesce(actor, 'unknown'), case when row_kind = 'bot' then",
            "max_by(coalesce(actor, 'unknown'), case when row_kind in ('bot', 'agent') then",
            ["the_first_and_the_last_bot_are_those_of_their_messages"],
        ),
    ),
]

# --- rule 7: what kind of segment it is ----------------------------------------------------------

KINDS = of(
    "int_segment_kinds",
    (
        "human comes before excluded",
        "'handling.is_escalated') }} then",
        "'handling.is_escalated') }} and handling.has_bot then",
        ["a_conversation_with_an_exclusion_reason_is_excluded_before_it_is_human"],
    ),
    (
        "handoff comes before human",
        "when not handling.has_bot then",
        "when not handling.has_bot and not handling.is_after_escalation then",
        ["a_conversation_without_a_bot_is_human_before_it_is_handoff"],
    ),
    (
        "the bot must be in the segment",
        "max(bot_message_count) over whole_conversation > 0",
        "bot_message_count > 0",
        ["a_bot_anywhere_in_the_conversation_makes_every_segment_a_possible_session"],
    ),
    (
        "the bot must have been there before",
        "max(bot_message_count) over whole_conversation > 0",
        "coalesce(max(bot_message_count) over before_it, bot_message_count) > 0",
        ["a_bot_anywhere_in_the_conversation_makes_every_segment_a_possible_session"],
    ),
    (
        "unengaged comes before handoff",
        "and handling.is_after_escalation then",
        "and handling.is_after_escalation and handling.customer_message_count > 0 then",
        ["handling_an_escalation_is_handoff_before_it_is_unengaged"],
    ),
    (
        "courtesy comes before handoff",
        "and handling.is_after_escalation then",
        "and handling.is_after_escalation"
        " and handling.bot_message_count + handling.agent_message_count > 0 then",
        ["handling_an_escalation_is_handoff_before_it_is_courtesy"],
    ),
    (
        "the bot alone ends the handoff",
        "start_reason = 'inactivity' and bot_message_count > 0",
        "bot_message_count > 0",
        ["a_handoff_goes_on_until_it_is_resolved"],
    ),
    (
        "a silence alone ends the handoff",
        "start_reason = 'inactivity' and bot_message_count > 0",
        "start_reason = 'inactivity'",
        ["a_handoff_goes_on_until_it_is_resolved"],
    ),
    (
        "a resolution does not end the handoff",
        "escalated_segment_number > coalesce(resolved_segment_number, 0)",
        "escalated_segment_number > 0",
        [
            "a_handoff_goes_on_until_it_is_resolved",
            "of_two_terminal_events_at_one_time_that_of_the_later_segment_is_the_last",
        ],
    ),
    (
        "the bot's return does not end the handoff",
        "not is_bot_back and ",
        "",
        ["a_bot_that_is_back_after_a_silence_ends_the_handoff"],
    ),
    (
        "the bot's return counts from the next segment on",
        ") = 1 as is_bot_back",
        ") = 1 and not (start_reason = 'inactivity' and bot_message_count > 0) as is_bot_back",
        ["a_bot_that_is_back_after_a_silence_ends_the_handoff"],
    ),
    (
        "the bot's return counts for its segment alone",
        "rows between unbounded preceding and current row\n        ) = 1 as is_bot_back",
        "rows between current row and current row\n        ) = 1 as is_bot_back",
        ["a_bot_that_is_back_after_a_silence_ends_the_handoff"],
    ),
    (
        "the bot's return counts through the next escalation",
        "partition by conversation_number, terminated_segments_before",
        "partition by conversation_number",
        ["a_new_escalation_starts_a_new_handoff"],
    ),
    (
        "an escalation at the time of the resolution is the last",
        "last_escalated_us > coalesce(",
        "last_escalated_us >= coalesce(",
        ["the_last_terminal_event_before_a_handoff_is_an_escalation"],
    ),
    (
        "an escalation just after the resolution is not the last",
        "last_escalated_us > coalesce(",
        "last_escalated_us > 1 + coalesce(",
        ["the_last_terminal_event_before_a_handoff_is_an_escalation"],
    ),
    (
        "the first escalation alone counts",
        "max(case when last_terminal = 'escalated' then segment_number end)",
        "max(case when last_terminal = 'escalated' then 1 end)",
        ["of_two_terminal_events_at_one_time_that_of_the_later_segment_is_the_last"],
    ),
    (
        "a merged conversation must be escalated in each segment",
        "count(last_escalated_us) over whole_conversation > 0 as is_escalated",
        "last_escalated_us is not null as is_escalated",
        ["a_merged_conversation_counts_only_where_it_was_escalated"],
    ),
    (
        "the segment's own escalation counts",
        "rows between unbounded preceding and 1 preceding",
        "rows between unbounded preceding and current row",
        ["an_escalation_of_the_segment_itself_makes_it_no_handoff"],
    ),
    (
        "after_escalation is not asked",
        "rules.after_escalation = 'handoff' and ",
        "",
        ["after_escalation_session_counts_the_handling_as_a_session"],
    ),
    (
        "a greeting is a session",
        "when handling.customer_message_count = 0 then",
        "when handling.customer_message_count = 0 and handling.bot_message_count = 0 then",
        ["a_greeting_that_nobody_answered_is_unengaged"],
    ),
    (
        "human by session_scope comes before unengaged",
        "when handling.customer_message_count = 0 then",
        "when handling.customer_message_count = 0 and handling.bot_message_count > 0 then",
        ["a_greeting_that_nobody_answered_is_unengaged"],
    ),
    (
        "exactly the courtesy minutes is too late",
        "<= 60000000 *",
        "< 60000000 *",
        ["thanks_within_exactly_the_courtesy_minutes_is_courtesy"],
    ),
    (
        "a microsecond more is courtesy",
        "<= 60000000 *",
        "<= 1 + 60000000 *",
        ["thanks_within_exactly_the_courtesy_minutes_is_courtesy"],
    ),
    (
        "zero courtesy minutes is on",
        "rules.courtesy_minutes > 0",
        "rules.courtesy_minutes >= 0",
        ["courtesy_of_zero_minutes_is_off"],
    ),
    (
        "the bot's messages are courtesy",
        "handling.bot_message_count = 0\n                and handling.agent_message_count = 0",
        "handling.agent_message_count = 0",
        ["only_customer_messages_are_courtesy"],
    ),
    (
        "agents' messages are courtesy",
        "handling.bot_message_count = 0\n                and handling.agent_message_count = 0",
        "handling.bot_message_count = 0",
        ["only_customer_messages_are_courtesy"],
    ),
    (
        "courtesy needs no resolution",
        "handling.started_us - handling.previous_resolved_us",
        "coalesce(handling.started_us - handling.previous_resolved_us, 0)",
        ["only_customer_messages_are_courtesy"],
    ),
    (
        "human by session_scope comes before courtesy",
        "and rules.courtesy_minutes > 0",
        "and rules.courtesy_minutes > 0 and rules.session_scope <> 'session'",
        ["with_session_scope_session_a_segment_without_the_bot_is_human"],
    ),
    (
        "session_scope is not obeyed",
        "when rules.session_scope = 'session' and handling.bot_message_count = 0 then 'human'",
        "",
        ["with_session_scope_session_a_segment_without_the_bot_is_human"],
    ),
    (
        "session_scope is not asked",
        "rules.session_scope = 'session' and ",
        "",
        ["a_bot_anywhere_in_the_conversation_makes_every_segment_a_possible_session"],
    ),
    (
        "an earlier segment is a later one",
        "lead(segment_number)",
        "lag(segment_number)",
        ["a_segment_with_another_after_it_is_not_the_last"],
    ),
    (
        "the rules of every source count",
        "conversations.source = rules.source",
        "true",
        ["each_source_is_judged_by_its_own_rules"],
    ),
)

CONTACTS = of(
    "int_contacts",
    (
        "all segments are numbered as sessions",
        "count(case when segment_kind = 'session' then 1 end) over so_far",
        "count(*) over so_far",
        ["sessions_are_numbered_without_the_other_segments"],
    ),
    (
        "a handoff handles itself",
        "then contact_session_segment_number",
        "then segment_number",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
    (
        "the last answer is taken for the first",
        "min(first_agent_message_us) over",
        "max(first_agent_message_us) over",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
    (
        "the escalated session's own agent answers",
        "rows between 1 following and unbounded following",
        "rows between current row and unbounded following",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
    (
        "the first word is taken for the last",
        "max(last_activity_us) over",
        "min(last_activity_us) over",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
    (
        "the answers of the whole contact count for each of its segments",
        "rows between 1 following and unbounded following",
        "rows between unbounded preceding and unbounded following",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
    (
        "every segment is a contact of its own",
        "count(case when not is_after_escalation then 1 end)",
        "count(*)",
        ["a_handoff_handles_the_session_that_was_escalated"],
    ),
)

# --- rules 5, 6 and 9: end, outcome, keys --------------------------------------------------------

OUTCOMES = of(
    "int_segment_ends",
    (
        "an escalation at the deadline is late",
        "when first_terminal_us <= deadline_us and first_terminal_us = first_escalated_us",
        "when first_terminal_us < deadline_us and first_terminal_us = first_escalated_us",
        ["a_terminal_event_at_the_deadline_ends_the_segment"],
    ),
    (
        "a resolution at the deadline is late",
        "when first_terminal_us <= deadline_us then 'resolved'",
        "when first_terminal_us < deadline_us then 'resolved'",
        ["a_terminal_event_at_the_deadline_ends_the_segment"],
    ),
    (
        "an escalation just after the deadline is in time",
        "when first_terminal_us <= deadline_us and first_terminal_us = first_escalated_us",
        "when first_terminal_us <= deadline_us + 1 and first_terminal_us = first_escalated_us",
        ["a_terminal_event_just_after_the_deadline_does_not_end_the_segment"],
    ),
    (
        "a resolution just after the deadline is in time",
        "when first_terminal_us <= deadline_us then 'resolved'",
        "when first_terminal_us <= deadline_us + 1 then 'resolved'",
        ["a_terminal_event_just_after_the_deadline_does_not_end_the_segment"],
    ),
    (
        "the last terminal event ends the segment",
        "least(segments.first_escalated_us, segments.first_resolved_us)",
        "greatest(segments.first_escalated_us, segments.first_resolved_us)",
        ["the_first_terminal_event_ends_the_segment"],
    ),
    (
        "at the same time the resolution comes first",
        "first_terminal_us = first_escalated_us then",
        "first_escalated_us < coalesce(first_resolved_us, first_escalated_us + 1) then",
        [
            "of_an_escalation_and_a_resolution_at_the_same_time_the_escalation_ends_the_segment",
        ],
    ),
    (
        "a resolution wins over an escalation",
        "when first_escalated_us is not null then",
        "when first_escalated_us is not null and first_resolved_us is null then",
        ["any_escalation_makes_the_outcome_escalated"],
    ),
    (
        "a late escalation is none",
        "when first_escalated_us is not null then",
        "when first_escalated_us <= deadline_us then",
        ["any_escalation_makes_the_outcome_escalated", "a_late_escalation_is_no_timeout"],
    ),
    (
        "a resolution at the deadline is marked as late",
        "first_resolved_us > deadline_us",
        "first_resolved_us >= deadline_us",
        ["a_terminal_event_at_the_deadline_ends_the_segment"],
    ),
    (
        "only an escalation that ends the segment counts",
        "when first_escalated_us is not null then",
        "when final_end_reason = 'escalated' then",
        ["any_escalation_makes_the_outcome_escalated", "a_late_escalation_is_no_timeout"],
    ),
    (
        "a late resolution is none",
        "when first_resolved_us is not null then",
        "when final_end_reason = 'resolved' then",
        ["a_late_resolution_is_no_timeout"],
    ),
    (
        "an escalated session is resolved late",
        "first_escalated_us is null and coalesce(",
        "coalesce(",
        ["a_late_resolution_of_an_escalated_segment_is_not_marked"],
    ),
    (
        "no resolution is neither late nor not",
        "coalesce(first_resolved_us > deadline_us, false)",
        "first_resolved_us > deadline_us",
        ["silence_after_the_last_segment_is_open_until_its_deadline"],
    ),
    (
        "a later segment closes nothing",
        " and not has_later_segment",
        "",
        ["a_later_segment_closes_the_one_before"],
    ),
    (
        "a segment that a terminal event has ended is open",
        "case when final_end_reason = 'inactivity' and not has_later_segment then",
        "case when not has_later_segment then",
        ["a_terminal_event_at_the_deadline_ends_the_segment"],
    ),
    (
        "a late terminal event closes the segment",
        "case when final_end_reason = 'inactivity' and not has_later_segment then",
        "case when first_terminal_us is null and not has_later_segment then",
        ["a_terminal_event_just_after_the_deadline_does_not_end_the_segment"],
    ),
    (
        "silence ends at the last activity",
        "when final_end_reason = 'inactivity' then deadline_us else",
        "when final_end_reason = 'inactivity' then last_activity_us else",
        ["silence_after_the_last_segment_is_open_until_its_deadline"],
    ),
    (
        "silence is open until the last activity",
        "and not has_later_segment then deadline_us",
        "and not has_later_segment then last_activity_us",
        ["silence_after_the_last_segment_is_open_until_its_deadline"],
    ),
)

KEYS = of(
    "int_segment_keys",
    (
        "a number is a part of the key",
        "'conversations.conversation_id', 'first_messages.first_message_id'",
        "'conversations.conversation_id', 'contacts.segment_number'",
        ["a_key_is_a_hash_of_source_conversation_and_first_message"],
    ),
    (
        "the key of another segment",
        "contacts.segment_number = first_messages.segment_number",
        "first_messages.segment_number = 1",
        [
            "a_key_is_a_hash_of_source_conversation_and_first_message",
            "a_handoff_carries_the_key_of_the_session_that_it_handles",
        ],
    ),
    (
        "a handoff carries its own key",
        "'conversations.conversation_id', 'escalated_first_messages.first_message_id'",
        "'conversations.conversation_id', 'first_messages.first_message_id'",
        ["a_handoff_carries_the_key_of_the_session_that_it_handles"],
    ),
    (
        "every handoff has the key of a session",
        "and contacts.session_segment_number = escalated_first_messages.segment_number",
        "and coalesce(contacts.session_segment_number, 1)"
        " = escalated_first_messages.segment_number",
        ["a_handoff_carries_the_key_of_the_session_that_it_handles"],
    ),
)


def judged(sql: str, kept: str, one: str) -> list[Mutation]:
    """What can go wrong where the silence of kept rows is judged at as_of."""
    is_open = f"a_{one}_is_open_when_as_of_is_its_deadline"
    has_timed_out = f"a_{one}_has_timed_out_when_as_of_is_past_its_deadline"
    has_ended = f"a_{one}_that_does_not_wait_for_a_silence_has_ended_whatever_as_of_is"
    is_late = "a_late_terminal_event_decides_the_outcome_before_the_end_is_judged"
    as_of = f"settings.as_of_us > {kept}.open_until_us"
    return of(
        sql,
        ("as_of at the deadline is past it", as_of, as_of.replace(">", ">="), [is_open]),
        ("as_of just past the deadline is not past it", as_of, f"{as_of} + 1", [has_timed_out]),
        (
            "what does not wait is judged too",
            f"{kept}.open_until_us is null or {as_of}",
            f"settings.as_of_us > {kept}.final_ended_us",
            [has_ended],
        ),
        (
            "an end that is still to come is told",
            "case when is_ended then final_ended_us end",
            "final_ended_us",
            [is_open, is_late],
        ),
        (
            "the reason of an end that is still to come is told",
            "case when is_ended then final_end_reason end",
            "final_end_reason",
            [is_open, is_late],
        ),
        (
            "a known outcome waits for the end",
            "final_outcome = 'timed_out' and not is_ended",
            "not is_ended",
            [is_late],
        ),
        (
            "silence is a timeout at once",
            "case when final_outcome = 'timed_out' and not is_ended then 'open'"
            " else final_outcome end",
            "final_outcome",
            [is_open],
        ),
        (
            "an escalated one is contained",
            "when outcome = 'escalated' then false",
            "when outcome = 'escalated' then true",
            [has_ended, is_late],
        ),
        (
            "a timed out one is not contained",
            "when outcome in ('resolved', 'timed_out') then true",
            "when outcome in ('resolved') then true",
            [has_timed_out, has_ended],
        ),
        (
            "a resolved one is not contained",
            "when outcome in ('resolved', 'timed_out') then true",
            "when outcome in ('timed_out') then true",
            [has_ended, is_late],
        ),
        (
            "an open one is not contained",
            "when outcome = 'escalated' then false",
            "else false",
            [is_open],
        ),
    )


JUDGED = [
    *judged("segments", "segments", "segment"),
    *judged("sessions", "sessions", "session"),
]

# --- rule 8: rates -------------------------------------------------------------------------------

STAYING = "sessions_of_a_changed_customer_are_looked_at_where_their_conversation_stays"

RATES = [
    *of(
        "int_customer_sessions",
        (
            "a segment of any kind is a session",
            "where segment_kind = 'session'\n),\n\ncut_earlier",
            "),\n\ncut_earlier",
            ["only_segments_of_kind_session_are_sessions"],
        ),
        (
            "a handoff is a session",
            "where segment_kind = 'session'\n),\n\ncut_earlier",
            "where segment_kind in ('session', 'handoff')\n),\n\ncut_earlier",
            ["only_segments_of_kind_session_are_sessions"],
        ),
        (
            "the conversation is looked at alone",
            "when customer_id is not null then",
            "when customer_id = '' then",
            ["a_customer_has_sessions_in_any_conversation"],
        ),
        (
            "all unknown customers are one",
            "concat('conversation ', conversation_id)",
            "'conversation '",
            ["an_unknown_customer_is_looked_for_in_the_conversation_alone"],
        ),
        (
            "a customer is called like a conversation",
            "concat('customer ', customer_id)",
            "concat('conversation ', customer_id)",
            ["an_unknown_customer_is_looked_for_in_the_conversation_alone"],
        ),
    ),
    *of(
        "int_customer_sessions",
        (
            "a segment of any kind has been a session",
            "where segment_kind = 'session'\n),\n\ncut_any_night",
            "),\n\ncut_any_night",
            ["only_segments_of_kind_session_are_sessions"],
        ),
        (
            "what was cut before is of tonight",
            "cast(null as integer) as conversation_number",
            "cast(0 as integer) as conversation_number",
            ["only_what_is_cut_tonight_has_a_number"],
        ),
    ),
    *of(
        "int_changed_customers",
        (
            "the customer of the cut before is left",
            "where sessions.conversation_number is null",
            "where false",
            ["the_customers_of_changed_conversations_are_changed_the_new_and_the_old"],
        ),
        (
            "the customer of the new cut is left",
            "where conversation_number is not null",
            "where false",
            ["the_customers_of_changed_conversations_are_changed_the_new_and_the_old"],
        ),
        (
            "every customer is changed",
            "and sessions.conversation_id = changed.conversation_id",
            "",
            ["the_customers_of_changed_conversations_are_changed_the_new_and_the_old"],
        ),
        (
            "another source's conversation changes the customer",
            "sessions.source = changed.source",
            "true",
            ["the_customers_of_changed_conversations_are_changed_the_new_and_the_old"],
        ),
        (
            "a customer comes once a session",
            "select distinct",
            "select",
            ["the_customers_of_changed_conversations_are_changed_the_new_and_the_old"],
        ),
        (
            "sources share their customers",
            "select distinct\n        source,",
            "select distinct on (customer_key)\n        source,",
            ["the_same_customer_of_two_sources_is_two"],
        ),
    ),
    *of(
        "int_next_sessions",
        (
            "the last session is the next",
            "min(started_us) over",
            "max(started_us) over",
            ["the_next_session_of_the_customer_counts_in_any_conversation"],
        ),
        (
            "customers are one",
            "partition by source, customer_key",
            "partition by source",
            ["the_next_session_of_the_customer_counts_in_any_conversation"],
        ),
        (
            "a start comes after an end of the same time",
            "0 as tie_order",
            "2 as tie_order",
            ["a_start_at_the_instant_of_the_end_is_no_recontact"],
        ),
        (
            "sessions that started before are looked at",
            "rows between 1 following and unbounded following",
            "rows between unbounded preceding and unbounded following",
            [
                "a_session_that_was_already_running_is_no_recontact",
                "a_start_at_the_instant_of_the_end_is_no_recontact",
            ],
        ),
        (
            "sources share their customers",
            "partition by source, customer_key",
            "partition by customer_key",
            ["the_same_customer_id_of_another_source_is_another_customer"],
        ),
        *(
            (what, old, new, [STAYING])
            for what, old, new in (
                (
                    "every customer's sessions are looked at",
                    "and sessions.customer_key = changed_customers.customer_key",
                    "",
                ),
                (
                    "another source's customer is changed",
                    "sessions.source = changed_customers.source",
                    "true",
                ),
                (
                    "what is cut tonight counts twice",
                    "and states.unfinished_reason is null",
                    "",
                ),
                (
                    "another source's conversation stays",
                    "sessions.source = states.source",
                    "true",
                ),
                (
                    "what stays is not looked at",
                    "select * from sessions_that_stay",
                    "select * from sessions_that_stay where false",
                ),
            )
        ),
    ),
    *of(
        "int_kept_segments",
        (
            "the next session is that of the conversation",
            "and segments.segment_number = next_sessions.segment_number",
            "",
            ["only_a_segment_with_a_next_session_has_its_start"],
        ),
        (
            "a segment without a next session is left",
            "left join next_sessions",
            "inner join next_sessions",
            ["only_a_segment_with_a_next_session_has_its_start"],
        ),
    ),
    *of(
        "int_kept_sessions",
        (
            "a segment of any kind is a session",
            "where segment_kind = 'session'",
            "",
            ["only_kept_segments_of_kind_session_are_sessions"],
        ),
    ),
    *of(
        "sessions",
        *(
            (f"{what} {span}", old.format(us), new.format(us), [unit_test])
            for span, us in (("24 h", "86400000000"), ("7 d", "604800000000"))
            for what, old, new, unit_test in (
                (
                    "no recontact at exactly",
                    "recontact_us <= {}",
                    "recontact_us < {}",
                    "a_recontact_within_exactly_24_hours_or_7_days_counts",
                ),
                (
                    "a recontact just after",
                    "recontact_us <= {}",
                    "recontact_us <= {} + 1",
                    "a_recontact_within_exactly_24_hours_or_7_days_counts",
                ),
                (
                    "no return is unknown after",
                    "coalesce(recontact_us <= {}, false)",
                    "recontact_us <= {}",
                    "a_recontact_within_exactly_24_hours_or_7_days_counts",
                ),
                (
                    "unknown at exactly",
                    "age_us >= {}",
                    "age_us > {}",
                    "a_recontact_is_known_exactly_24_hours_or_7_days_after_the_end",
                ),
                (
                    "known just before",
                    "age_us >= {}",
                    "age_us >= {} - 1",
                    "a_recontact_is_known_exactly_24_hours_or_7_days_after_the_end",
                ),
            )
        ),
        (
            "the day is that of UTC",
            "'reporting_timezone') }} as started_date",
            "\"'UTC'\") }} as started_date",
            ["the_started_date_is_the_day_in_the_reporting_time_zone"],
        ),
        (
            "who takes over is waited for",
            "nullif(handoff_first_agent_message_us - first_escalated_us, 0)",
            "(handoff_first_agent_message_us - first_escalated_us)",
            ["a_person_who_takes_over_has_kept_nobody_waiting"],
        ),
        (
            "who takes over handles nothing",
            "(handoff_last_activity_us - first_escalated_us) / 1e6",
            "case when handoff_first_agent_message_us > first_escalated_us"
            " then handoff_last_activity_us - first_escalated_us end / 1e6",
            ["a_person_who_takes_over_has_kept_nobody_waiting"],
        ),
        (
            "an open session has a next one",
            "case when is_ended then next_started_us end",
            "next_started_us",
            ["an_open_session_has_no_next"],
        ),
        (
            "a session that timed out has no next one",
            "case when is_ended then next_started_us end",
            "case when open_until_us is null then next_started_us end",
            ["an_open_session_has_no_next"],
        ),
    ),
    *of(
        "segments",
        (
            "the day is that of UTC",
            "'reporting_timezone') }} as started_date",
            "\"'UTC'\") }} as started_date",
            ["the_started_date_is_the_day_in_the_reporting_time_zone"],
        ),
    ),
    *of(
        "int_kept_conversations",
        (
            "a segment of any kind is a session",
            "count(case when segment_kind = 'session' then 1 end)",
            "count(*)",
            ["only_sessions_are_counted_as_sessions_and_only_the_unescalated_as_contained"],
        ),
        (
            "a handoff is contained",
            "segment_kind = 'session' and final_outcome <> 'escalated'",
            "final_outcome <> 'escalated'",
            ["only_sessions_are_counted_as_sessions_and_only_the_unescalated_as_contained"],
        ),
        (
            "silence is not contained",
            "segment_kind = 'session' and final_outcome <> 'escalated'",
            "segment_kind = 'session' and final_outcome = 'resolved'",
            ["only_sessions_are_counted_as_sessions_and_only_the_unescalated_as_contained"],
        ),
        (
            "a conversation without a segment is left out",
            "left join segments",
            "inner join segments",
            ["only_sessions_are_counted_as_sessions_and_only_the_unescalated_as_contained"],
        ),
        (
            "a handoff keeps the conversation open",
            "segment_kind = 'session' and final_outcome = 'timed_out' then open_until_us",
            "final_outcome = 'timed_out' then open_until_us",
            ["a_conversation_is_open_until_the_deadline_of_a_session_that_waits_for_a_silence"],
        ),
        (
            "a late resolution keeps the conversation open",
            "segment_kind = 'session' and final_outcome = 'timed_out' then open_until_us",
            "segment_kind = 'session' then open_until_us",
            ["a_conversation_is_open_until_the_deadline_of_a_session_that_waits_for_a_silence"],
        ),
    ),
    *of(
        "int_kept_messages",
        (
            "terminal events are messages",
            "case when is_activity then segment_number end as segment_number",
            "segment_number",
            ["each_activity_carries_the_keys_of_its_own_segment"],
        ),
        (
            "the keys of another segment",
            "and activities.segment_number = keys.segment_number",
            "and keys.segment_number = 1",
            ["each_activity_carries_the_keys_of_its_own_segment"],
        ),
        (
            "the keys of another conversation",
            "activities.conversation_number = keys.conversation_number",
            "keys.conversation_number = 1",
            ["each_activity_carries_the_keys_of_its_own_segment"],
        ),
    ),
    *of(
        "conversations",
        (
            "open sessions are closed",
            "session_count - open_session_count as closed_session_count",
            "session_count as closed_session_count",
            [
                "the_rate_of_a_conversation_is_that_of_its_closed_sessions",
                "an_open_session_is_neither_closed_nor_contained",
            ],
        ),
        (
            "an open session is contained",
            "contained_session_count - open_session_count as closed_contained_session_count",
            "contained_session_count as closed_contained_session_count",
            [
                "the_rate_of_a_conversation_is_that_of_its_closed_sessions",
                "an_open_session_is_neither_closed_nor_contained",
            ],
        ),
        (
            "as_of at the deadline is past it",
            "open_until_us >= settings.as_of_us",
            "open_until_us > settings.as_of_us",
            ["an_open_session_is_neither_closed_nor_contained"],
        ),
        (
            "as_of just past the deadline is not past it",
            "open_until_us >= settings.as_of_us",
            "open_until_us >= settings.as_of_us - 1",
            ["an_open_session_is_neither_closed_nor_contained"],
        ),
        (
            "one bot message is none",
            "bot_message_count > 0",
            "bot_message_count > 1",
            ["a_conversation_has_a_bot_from_its_first_bot_message_on"],
        ),
        (
            "every conversation has a bot",
            "bot_message_count > 0",
            "bot_message_count >= 0",
            ["a_conversation_has_a_bot_from_its_first_bot_message_on"],
        ),
    ),
    *of(
        "containment_daily",
        (
            "open sessions are closed",
            "outcome <> 'open' as is_closed",
            "true as is_closed",
            ["open_sessions_are_in_no_rate", "a_rate_without_a_denominator_is_null"],
        ),
        (
            "open sessions are in the bot's denominator",
            "is_closed and is_bot_involved",
            "is_bot_involved",
            ["open_sessions_are_in_no_rate"],
        ),
        (
            "a session that is not resolved has timed out",
            "outcome = 'timed_out'",
            "outcome <> 'resolved'",
            ["the_outcomes_share_the_closed_sessions"],
        ),
        (
            "a contained session is resolved",
            "outcome = 'resolved'",
            "is_contained",
            ["the_outcomes_share_the_closed_sessions"],
        ),
        (
            "escalated over contained sessions",
            "ratio('escalated_sessions', 'closed_sessions')",
            "ratio('escalated_sessions', 'contained_sessions')",
            ["the_outcomes_share_the_closed_sessions"],
        ),
        (
            "the bot's rate over all sessions",
            "ratio('bot_contained_sessions', 'bot_involved_sessions')",
            "ratio('bot_contained_sessions', 'closed_sessions')",
            ["the_bot_rate_and_the_automation_rate_ask_who_wrote"],
        ),
        (
            "sessions without a bot are the bot's",
            "is_contained and is_bot_involved then",
            "is_contained then",
            ["the_bot_rate_and_the_automation_rate_ask_who_wrote"],
        ),
        (
            "an agent's help is automation",
            " and not is_human_involved",
            "",
            ["the_bot_rate_and_the_automation_rate_ask_who_wrote"],
        ),
        (
            "silence alone is automation",
            "is_contained and is_bot_involved and not",
            "is_contained and not",
            ["the_bot_rate_and_the_automation_rate_ask_who_wrote"],
        ),
        *(
            (
                f"{what} {span}",
                old.format(span),
                new.format(span),
                ["durable_containment_counts_contained_sessions_that_are_old_enough"],
            )
            for span in ("24h", "7d")
            for what, old, new in (
                (
                    "escalated sessions mature",
                    "is_contained and is_recontacted_{} is not null",
                    "is_recontacted_{} is not null",
                ),
                (
                    "young sessions are mature",
                    "is_contained and is_recontacted_{} is not null",
                    "is_contained",
                ),
                (
                    "escalated sessions are durable",
                    "is_contained and not is_recontacted_{}",
                    "not is_recontacted_{}",
                ),
                (
                    "a recontact is durable",
                    "is_contained and not is_recontacted_{}",
                    "is_contained",
                ),
                (
                    "durable over all contained sessions",
                    "'durable_{0}_sessions', 'matured_{0}_sessions'",
                    "'durable_{0}_sessions', 'contained_sessions'",
                ),
            )
        ),
        (
            "the interval is one of escalations",
            "wilson_bound('contained_sessions', 'closed_sessions', '-')",
            "wilson_bound('escalated_sessions', 'closed_sessions', '-')",
            ["the_headline_has_its_wilson_interval"],
        ),
        (
            "the high end is the low one",
            "wilson_bound('contained_sessions', 'closed_sessions', '+')",
            "wilson_bound('contained_sessions', 'closed_sessions', '-')",
            ["the_headline_has_its_wilson_interval"],
        ),
    ),
    *of(
        "containment_daily",
        (
            "sessions without a bot have no name",
            "coalesce(bot_id, 'none')",
            "bot_id",
            ["each_day_source_brand_channel_and_first_bot_is_a_row"],
        ),
        times=2,
    ),
]

# --- what was published --------------------------------------------------------------------------

PUBLISHED = [
    *of(
        "run_log",
        (
            "runs that were not published count",
            "where outcome = 'published'",
            "where outcome <> 'killed'",
            ["the_change_of_the_rate_is_against_the_published_run_before"],
        ),
        (
            "the change is a share",
            "100 * (",
            "1 * (",
            ["the_change_of_the_rate_is_against_the_published_run_before"],
        ),
    ),
    *of(
        "restatements",
        (
            "the change is against the previous rate",
            "- rates_added.first_containment_rate",
            "- rates_added.previous_containment_rate",
            ["a_restated_day_has_its_rates_reasons_and_runs_beside_each_other"],
        ),
        (
            "days that never changed are rows",
            "where restated_count > 0",
            "where restated_count >= 0",
            ["a_restated_day_has_its_rates_reasons_and_runs_beside_each_other"],
        ),
        (
            "a day without the record of its run is lost",
            "left join runs as first_runs",
            "inner join runs as first_runs",
            ["a_restated_day_has_its_rates_reasons_and_runs_beside_each_other"],
        ),
    ),
    *of(
        "published_days",
        (
            "the day of as_of is over",
            "as_of_date > started_date",
            "as_of_date >= started_date",
            ["a_day_is_first_published_with_its_figures_over_all_sources"],
        ),
        (
            "a day that is cut again is restated",
            "(more_closed <> 0 or more_open <> 0 or more_contained <> 0) as is_restated",
            "(has_changed_rows or more_closed <> 0 or more_contained <> 0) as is_restated",
            ["a_day_whose_figures_stay_is_not_restated"],
        ),
        (
            "the first figures are forgotten",
            "coalesce(first_closed_sessions, closed_sessions)",
            "closed_sessions",
            ["the_first_figures_stay_and_the_previous_ones_are_those_of_the_last_publication"],
        ),
        (
            "the previous figures are the first ones",
            "is_restated then last_closed_sessions",
            "is_restated then first_closed_sessions",
            ["the_first_figures_stay_and_the_previous_ones_are_those_of_the_last_publication"],
        ),
        (
            "nights that were not published are forgotten",
            "from {{ source('night', 'night_unpublished_changes') }}",
            "from {{ source('night', 'night_unpublished_changes') }} where 1 = 0",
            ["rows_of_a_night_that_was_not_published_explain_a_change_too"],
        ),
        (
            "rows that left the day explain nothing",
            "(has_changed_rows or not (has_changed_rules or is_total_unchanged))",
            "has_changed_rows",
            [
                "a_day_that_lost_sessions_without_a_rule_was_changed_by_rows",
                "the_rules_are_compared_with_the_last_publication",
            ],
        ),
        (
            "a day that lost all its sessions is forgotten",
            "full outer join current_days",
            "right join current_days",
            [
                "a_day_that_lost_sessions_without_a_rule_was_changed_by_rows",
                "a_source_that_was_taken_out_is_a_changed_setting",
            ],
        ),
        (
            "the day of the last as_of is over",
            "tonight.last_as_of_date <= beside",
            "tonight.last_as_of_date < beside",
            ["the_rest_of_a_day_that_was_not_over_is_not_late"],
        ),
        (
            "a row that closes a session is late",
            "and not is_only_closing\n",
            "",
            ["open_sessions_that_closed_are_time"],
        ),
        (
            "more sessions are contained than closed",
            "and more_contained between 0 and more_closed as",
            "and more_contained >= 0 as",
            ["open_sessions_that_closed_are_time"],
        ),
        (
            "only closing is time",
            "(is_only_closing or not (is_by_rows or has_changed_rules))",
            "is_only_closing",
            ["an_as_of_that_went_back_is_time"],
        ),
        (
            "what is left over is not told apart",
            "not (has_changed_rules or is_total_unchanged)",
            "not has_changed_rules",
            ["an_as_of_that_went_back_is_time"],
        ),
        (
            "a rule leaves no room for time",
            "(is_only_closing or not",
            "(is_only_closing and not has_changed_rules or not",
            ["a_conversation_cut_again_by_the_rules_is_a_changed_rule"],
        ),
        (
            "a rule is a row",
            "change_reason <> 'rules'",
            "change_reason <> 'new'",
            ["a_conversation_cut_again_by_the_rules_is_a_changed_rule"],
        ),
        (
            "new rules are not looked at",
            "coalesce(changes_of_days.has_changed_rules, tonight.is_rules_changed)",
            "coalesce(changes_of_days.has_changed_rules, false)",
            [
                "new_rules_explain_a_day_on_which_no_conversation_is_left",
                "a_source_that_was_taken_out_is_a_changed_setting",
            ],
        ),
        (
            "new rules explain every day",
            "coalesce(changes_of_days.has_changed_rules, tonight.is_rules_changed)",
            "(coalesce(changes_of_days.has_changed_rules, false) or tonight.is_rules_changed)",
            ["new_rules_explain_a_day_on_which_no_conversation_is_left"],
        ),
        (
            "the sources are no setting",
            "or runs.sources <> settings.sources",
            "",
            ["a_source_that_was_taken_out_is_a_changed_setting"],
        ),
        (
            "a night that failed was published",
            "where runs.outcome = 'published'",
            "where runs.outcome <> 'refused'",
            ["the_rules_are_compared_with_the_last_publication"],
        ),
        (
            "a refused night is tonight",
            "where outcome in ('running', 'published')",
            "where outcome <> 'failed'",
            ["the_rules_are_compared_with_the_last_publication"],
        ),
        (
            "earlier reasons are forgotten",
            "coalesce(is_changed_by_time, false) or",
            "false or",
            ["reasons_add_up_over_the_publications"],
        ),
    ),
]

# --- ratings --------------------------------------------------------------------------------------

SAME_RATING = "partition by source, conversation_id, rating_id, reject_reason"

RATINGS = [
    *of(
        "number",
        (
            "infinity is a number",
            "cast(try_cast({{ text(column) }} as decimal(18, 9)) as double)",
            "try_cast({{ text(column) }} as double)",
            ["stg_ratings.a_rating_without_a_readable_score_is_rejected"],
        ),
        (
            "numbers are whole",
            "decimal(18, 9)",
            "decimal(18, 0)",
            [
                "stg_ratings.a_score_is_read_as_a_number",
                "stg_ratings.a_rating_on_an_unusable_scale_is_rejected",
            ],
        ),
    ),
    *of(
        "stg_ratings",
        (
            "exactly a day after not_after is the future",
            "> {{ last_usable_us() }}",
            ">= {{ last_usable_us() }}",
            ["a_rating_from_the_future_is_rejected"],
        ),
        (
            "a load from the future is used",
            "greatest(rated_at, loaded_at)",
            "rated_at",
            ["a_rating_from_the_future_is_rejected"],
        ),
        (
            "a time from the future is used where the load is none",
            "greatest(rated_at, loaded_at)",
            "loaded_at",
            ["a_rating_from_the_future_is_rejected"],
        ),
        (
            "a scale goes up to 10",
            "is null then 5 else",
            "is null then 10 else",
            [
                "a_score_is_read_as_a_number",
                "a_score_outside_its_scale_is_rejected",
            ],
        ),
        (
            "a rating needs no conversation",
            "rating_id is null or conversation_id is null",
            "rating_id is null",
            ["a_rating_without_an_id_is_rejected"],
        ),
        (
            "a missing time is called unreadable",
            "when rated_at is null and unreadable_rated_at is null then 'missing_time'",
            "",
            ["a_rating_without_a_readable_time_is_rejected"],
        ),
        (
            "a missing score comes before an unreadable time",
            "when rated_at is null then",
            "when rated_at is null and score is not null then",
            ["a_rating_without_a_readable_time_is_rejected"],
        ),
        (
            "a missing score is called unreadable",
            "when score is null and unreadable_score is null then 'missing_score'",
            "",
            ["a_rating_without_a_readable_score_is_rejected"],
        ),
        (
            "an unusable scale comes before an unreadable score",
            "when score is null then",
            "when score is null and max_score > 0 then",
            ["a_rating_without_a_readable_score_is_rejected"],
        ),
        (
            "a scale up to 0 is used",
            "max_score <= 0",
            "max_score < 0",
            ["a_rating_on_an_unusable_scale_is_rejected"],
        ),
        (
            "a scale up to less than 1 is unusable",
            "max_score <= 0",
            "max_score < 1",
            ["a_rating_on_an_unusable_scale_is_rejected"],
        ),
        (
            "an unreadable scale is used",
            "max_score is null or max_score <= 0",
            "max_score <= 0",
            ["a_rating_on_an_unusable_scale_is_rejected"],
        ),
        (
            "the highest score lies outside",
            "score > max_score",
            "score >= max_score",
            ["a_score_outside_its_scale_is_rejected"],
        ),
        (
            "a score of 0 lies outside",
            "score < 0",
            "score <= 0",
            ["a_score_outside_its_scale_is_rejected"],
        ),
        (
            "a score below 0 is used",
            "score < 0 or ",
            "",
            ["a_score_outside_its_scale_is_rejected"],
        ),
        (
            "a time after the load comes before a score outside",
            "when score < 0 or score > max_score then",
            "when score < 0 or score > max_score and loaded_at is null then",
            ["a_score_outside_its_scale_is_rejected"],
        ),
        (
            "exactly a day after the load is too late",
            "> 86400000000",
            ">= 86400000000",
            ["a_rating_more_than_a_day_after_its_load_is_rejected"],
        ),
        (
            "a microsecond more than a day after the load is used",
            "> 86400000000",
            "> 86400000001",
            ["a_rating_more_than_a_day_after_its_load_is_rejected"],
        ),
    ),
    *of(
        "int_rating_rows",
        (
            "the row loaded first counts",
            "known_at desc nulls last",
            "known_at asc nulls last",
            [
                "of_several_rows_the_one_loaded_last_counts",
                "a_row_without_a_load_time_counts_as_loaded_at_its_own_time",
            ],
        ),
        (
            "a row without a load time comes last",
            "known_at desc nulls last",
            "loaded_at desc nulls last",
            ["a_row_without_a_load_time_counts_as_loaded_at_its_own_time"],
        ),
        (
            "the content counts before the load",
            "known_at desc nulls last,\n                rated_at desc nulls last",
            "rated_at desc nulls last,\n                known_at desc nulls last",
            ["of_several_rows_the_one_loaded_last_counts"],
        ),
        *(
            (
                f"the smallest {column} counts",
                f" {column} desc nulls last",
                f" {column} asc nulls last",
                ["of_rows_loaded_together_the_greatest_content_counts"],
            )
            for column in ("rated_at", "score", "max_score")
        ),
        *(
            (
                f"{first} does not come before {second}",
                f"{first} desc nulls last,\n                {second} desc nulls last",
                f"{second} desc nulls last,\n                {first} desc nulls last",
                ["of_rows_loaded_together_the_greatest_content_counts"],
            )
            for first, second in pairwise(("rated_at", "score", "max_score"))
        ),
        *(
            (f"a rating is known without its {column}", SAME_RATING, without, [the_same])
            for the_same in ("the_same_id_elsewhere_is_no_duplicate",)
            for column, without in (
                ("source", SAME_RATING.replace("source, ", "")),
                ("conversation", SAME_RATING.replace("conversation_id, ", "")),
                ("id", SAME_RATING.replace("rating_id, ", "")),
            )
        ),
        (
            "a rejected row takes the place of a usable one",
            SAME_RATING,
            SAME_RATING.replace(", reject_reason", ""),
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
        (
            "a rejected row repeats another one",
            "reject_reason is null and row_rank > 1",
            "row_rank > 1",
            ["the_same_id_elsewhere_is_no_duplicate"],
        ),
        (
            "what could not be read is lost",
            "'score': as_read('score')",
            "'score': 'score'",
            ["a_rating_that_cannot_be_used_is_told_as_it_came"],
        ),
        (
            "a usable row is told too",
            "when reject_reason is not null\n",
            "when true\n",
            ["a_rating_that_cannot_be_used_is_told_as_it_came"],
        ),
    ),
    *of(
        "int_ratings",
        (
            "what repeats another row is used",
            " and not is_duplicate",
            "",
            ["the_last_rating_of_a_session_counts"],
        ),
        (
            "what is rejected is used",
            "reject_reason is null and ",
            "",
            ["the_last_rating_of_a_session_counts"],
        ),
        (
            "the segment that starts at the time comes after it",
            ">= ratable_segments.started_us",
            "> ratable_segments.started_us",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "the first segment is rated",
            "segment_number desc",
            "segment_number asc",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "sources share their conversations",
            "ratings.source = ratable_segments.source\n            and ",
            "",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "the segment of another conversation is rated",
            "and ratings.conversation_id = ratable_segments.conversation_id",
            "",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "a rating of nothing is lost",
            "left join ratable_segments",
            "inner join ratable_segments",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "a rating of nothing counts",
            "rated_segment_id is not null\n        and ",
            "",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "a rating of an unknown conversation is lost",
            "left join {{ ref('int_kept_conversations') }}",
            "inner join {{ ref('int_kept_conversations') }}",
            ["a_rating_belongs_to_the_segment_before_it"],
        ),
        (
            "a greeting is rated",
            "('unengaged', 'courtesy')",
            "('courtesy')",
            ["a_greeting_and_a_courtesy_are_passed_over"],
        ),
        (
            "a courtesy is rated",
            "('unengaged', 'courtesy')",
            "('unengaged')",
            ["a_greeting_and_a_courtesy_are_passed_over"],
        ),
        (
            "people's own work is passed over",
            "('unengaged', 'courtesy')",
            "('unengaged', 'courtesy', 'human')",
            ["a_greeting_and_a_courtesy_are_passed_over"],
        ),
        (
            "what is no session is not rated",
            "coalesce(session_id, segment_id)",
            "session_id",
            ["a_greeting_and_a_courtesy_are_passed_over"],
        ),
        (
            "the handling is rated by itself",
            "coalesce(session_id, segment_id)",
            "segment_id",
            ["the_last_rating_of_a_session_counts"],
        ),
        (
            "the first rating counts",
            "rated_at desc, rating_id desc",
            "rated_at, rating_id desc",
            [
                "the_last_rating_of_a_session_counts",
                "a_rating_belongs_to_the_segment_before_it",
            ],
        ),
        (
            "the smallest id counts",
            "rated_at desc, rating_id desc",
            "rated_at desc, rating_id",
            ["the_last_rating_of_a_session_counts"],
        ),
        (
            "the scale begins at 1",
            "ratings.score / ratings.max_score",
            "(ratings.score - 1) / (ratings.max_score - 1)",
            ["the_last_rating_of_a_session_counts"],
        ),
    ),
    *of(
        "int_rating_counts",
        *(
            (
                what,
                old,
                new,
                ["rating_rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
            )
            for what, old, new in (
                (
                    "every row is a duplicate",
                    "count(case when is_duplicate then 1 end)",
                    "count(*)",
                ),
                ("every row is rejected", "count(reject_reason)", "count(*)"),
                (
                    "what is not repeated is used",
                    "coalesce(used_ratings.rows_used, 0)",
                    "rating_rows.rows_read - rating_rows.rows_duplicate",
                ),
            )
        ),
        (
            "a source without a row has no counts",
            "left join rating_rows",
            "inner join rating_rows",
            ["a_source_without_a_rating_row_has_its_counts_too"],
        ),
    ),
    *of(
        "int_rating_findings",
        *(
            (what, old, new, ["a_rating_that_belongs_to_no_session_is_found"])
            for what, old, new in (
                (
                    "an unknown conversation is a known one",
                    "when not is_conversation_known then 'ratings_of_unknown_conversation'",
                    "",
                ),
                (
                    "people's own work is a finding",
                    " and coalesce(segment_kind <> 'human', true)",
                    "",
                ),
                (
                    "a rating before everything is no finding",
                    "coalesce(segment_kind <> 'human', true)",
                    "segment_kind <> 'human'",
                ),
                (
                    "a rating of a session is a finding",
                    "session_id is null and ",
                    "",
                ),
                (
                    "load times that can be read are a finding",
                    "where unreadable_loaded_at is not null",
                    "",
                ),
            )
        ),
    ),
    *of(
        "row_reconciliation",
        (
            "ratings are left out",
            "from {{ ref('int_rating_counts') }}",
            "from {{ ref('int_rating_counts') }} where false",
            ["rows_read_used_repeated_and_rejected_are_counted_each_on_their_own"],
        ),
    ),
    *of(
        "sessions",
        (
            "every rating counts",
            "where is_counted",
            "",
            ["the_rating_that_counts_is_the_csat_score_of_its_session"],
        ),
        (
            "a session without a rating is left out",
            "left join counted_ratings",
            "inner join counted_ratings",
            ["the_rating_that_counts_is_the_csat_score_of_its_session"],
        ),
    ),
    *of(
        "segments",
        (
            "every rating counts",
            "where is_counted",
            "",
            ["the_rating_that_counts_is_the_csat_score_of_what_it_rates"],
        ),
        (
            "a segment without a rating is left out",
            "left join counted_ratings",
            "inner join counted_ratings",
            ["the_rating_that_counts_is_the_csat_score_of_what_it_rates"],
        ),
    ),
    *of(
        "containment_daily",
        *(
            (what, old, new, ["ratings_of_closed_sessions_are_counted_and_summed"])
            for what, old, new in (
                (
                    "ratings of open sessions are counted",
                    "count(case when is_closed then csat_score end)",
                    "count(csat_score)",
                ),
                (
                    "ratings of open sessions are summed",
                    'exact_sum("case when is_closed then csat_score end")',
                    "exact_sum('csat_score')",
                ),
                (
                    "every closed session is a rated one",
                    "count(case when is_contained then csat_score end)",
                    "count(case when is_contained then 1 end)",
                ),
                (
                    "the mean is one over all sessions",
                    "ratio('csat_score_sum', 'rated_sessions')",
                    "ratio('csat_score_sum', 'closed_sessions')",
                ),
                (
                    "the mean of the escalated is that of the contained",
                    "ratio('escalated_csat_score_sum', 'rated_escalated_sessions')",
                    "ratio('contained_csat_score_sum', 'rated_contained_sessions')",
                ),
            )
        ),
    ),
    *of(
        "satisfaction",
        *(
            (what, old, new, ["closed_sessions_stand_beside_the_work_of_people_alone"])
            for what, old, new in (
                (
                    "an open session is an escalated one",
                    "segment_kind = 'session' and not is_contained",
                    "segment_kind = 'session' and is_contained is not true",
                ),
                (
                    "what people have not finished is closed",
                    "segment_kind = 'human' and outcome <> 'open'",
                    "segment_kind = 'human'",
                ),
                (
                    "whatever is no session is people's",
                    "segment_kind = 'human' and outcome <> 'open'",
                    "segment_kind <> 'session' and outcome <> 'open'",
                ),
                ("every segment is a rated one", "count(csat_score)", "count(*)"),
                (
                    "the mean is one over all segments",
                    "ratio('csat_score_sum', 'rated_segments')",
                    "ratio('csat_score_sum', 'closed_segments')",
                ),
            )
        ),
    ),
]

# --- what is asked of the sessions ---------------------------------------------------------------

QUESTIONS = [
    *of(
        "utc_from_local",
        (
            "clocks of a time zone are taken for UTC",
            "{{ timestamp }} at time zone {{ timezone }} at time zone 'UTC'",
            "{{ timestamp }}",
            ["int_business_openings.an_opening_is_as_long_as_the_clocks_of_its_day_make_it"],
        ),
    ),
    *of(
        "int_business_openings",
        (
            "a closed day has no row",
            "left join hours",
            "inner join hours",
            ["an_opening_is_as_long_as_the_clocks_of_its_day_make_it"],
        ),
        (
            "an opening is in what was before it",
            "unbounded preceding and 1 preceding",
            "unbounded preceding and current row",
            ["an_opening_is_as_long_as_the_clocks_of_its_day_make_it"],
        ),
    ),
    *of(
        "escalations",
        (
            "who takes over is waited for",
            "nullif(sessions.handoff_first_agent_message_us - sessions.first_escalated_us, 0)",
            "(sessions.handoff_first_agent_message_us - sessions.first_escalated_us)",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "who takes over is waited for in business hours",
            "where sessions.handoff_first_agent_message_us > sessions.first_escalated_us",
            "where sessions.handoff_first_agent_message_us is not null",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "hours of other brands are nobody's",
            "coalesce(brands_with_hours.brand, '*')",
            "sessions.brand",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "what was before a day counts for each of its openings",
            "case when openings.opening_number = 1 then openings.open_us_before else 0 end",
            "openings.open_us_before",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "people work on after they close",
            "least(ends_of_waits.happened_us, openings.closed_us)",
            "ends_of_waits.happened_us",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "time before people open takes from the wait",
            "openings.closed_us) - openings.opened_us, 0)",
            "openings.closed_us) - openings.opened_us, -1e18)",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
        (
            "resolved sessions are escalations",
            "where sessions.final_outcome = 'escalated'",
            "where sessions.final_outcome <> 'open'",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
    ),
    *of(
        "containment_funnel",
        *(
            (what, old, new, ["what_gets_to_a_step_has_been_at_those_before"])
            for what, old, new in (
                ("open is closed", "is_contained is null then 2", "is_contained is null then 3"),
                ("no bot is needed", "not is_bot_involved then 3", "not is_bot_involved then 4"),
                ("escalated is contained", "not is_contained then 4", "not is_contained then 5"),
                (
                    "too young to tell is old enough",
                    "is_recontacted_7d is null then 5",
                    "is_recontacted_7d is null then 6",
                ),
                (
                    "who came back stayed away",
                    "when is_recontacted_7d then 6",
                    "when is_recontacted_7d then 7",
                ),
                (
                    "a conversation gets as far as the least of its sessions",
                    "max(furthest_step)",
                    "min(furthest_step)",
                ),
                (
                    "a step is only what ends there",
                    "steps.step_number <= counted.furthest_step",
                    "steps.step_number = counted.furthest_step",
                ),
                (
                    "sessions are those of every channel",
                    "channels.channel = counted.channel\n            and ",
                    "",
                ),
            )
        ),
    ),
    *of(
        "containment_changes",
        (
            "growth counts by the rate alone",
            " - (headline_rate + headline_previous_rate) / 2)",
            ")",
            ["a_change_is_split_into_what_got_better_and_what_grew"],
        ),
        (
            "the rate is weighed with the share of today",
            "(share_of_sessions + previous_share_of_sessions) / 2",
            "share_of_sessions",
            ["a_change_is_split_into_what_got_better_and_what_grew"],
        ),
        (
            "what is new had a rate of nothing",
            "coalesce(previous_containment_rate, containment_rate) as known_previous_rate",
            "coalesce(previous_containment_rate, 0) as known_previous_rate",
            ["a_change_is_split_into_what_got_better_and_what_grew"],
        ),
    ),
    *of(
        "int_run_timeouts",
        (
            "the bot is back where any silence was",
            "bit_or(exceeded_timeouts - least(exceeded_timeouts, without_bot_timeouts))",
            "bit_or(exceeded_timeouts)",
            ["the_bot_is_back_at_the_timeouts_that_the_silence_exceeds"],
        ),
        (
            "excluded conversations count",
            "and not {{ is_excluded('exclusion_reason', 'is_escalated') }}",
            "",
            ["the_bot_is_back_at_the_timeouts_that_the_silence_exceeds"],
        ),
        (
            "conversations without a bot count",
            "sum(segments.bot_message_count) > 0 as has_bot",
            "sum(segments.bot_message_count) >= 0 as has_bot",
            ["the_bot_is_back_at_the_timeouts_that_the_silence_exceeds"],
        ),
        (
            "a merged conversation must be escalated in each segment",
            "count(segments.first_escalated_us) > 0 as is_escalated",
            "count(segments.first_escalated_us) = count(*) as is_escalated",
            ["a_merged_conversation_has_sessions_only_where_it_was_escalated"],
        ),
    ),
    *of(
        "timeout_sensitivity",
        (
            "what waits is open at every timeout",
            "- {{ exceeded_timeouts('(settings.as_of_us - kept.last_activity_us)') }}",
            "- 0",
            ["a_session_is_open_at_the_timeouts_that_have_not_passed"],
        ),
        (
            "a channel named like the row of all is all",
            "        false as is_every_channel\n",
            "        channel = '*' as is_every_channel\n",
            ["a_channel_named_like_the_row_of_all_is_a_row_of_its_own"],
        ),
    ),
    *of(
        "exceeded_timeouts",
        (
            "a silence of exactly the timeout exceeds it",
            "when {{ silence_us }} > {{",
            "when {{ silence_us }} >= {{",
            ["timeout_sensitivity.a_session_is_open_at_the_timeouts_that_have_not_passed"],
        ),
    ),
]

# --- far dates, and limits ------------------------------------------------------------------------

LIMITS = [
    *of(
        "drawn_gap_days",
        (
            "400 days are a gap",
            "400",
            "399",
            ["int_drawn_span.a_session_more_than_400_days_from_the_others_is_not_drawn"],
        ),
    ),
    *of(
        "int_drawn_span",
        (
            "401 days are no gap",
            "> {{ drawn_gap_days() }}",
            "> 1 + {{ drawn_gap_days() }}",
            ["a_session_more_than_400_days_from_the_others_is_not_drawn"],
        ),
        (
            "the smallest stretch is drawn",
            "order by session_count desc, last_us desc",
            "order by session_count, last_us desc",
            ["of_two_stretches_the_one_with_more_sessions_is_drawn"],
        ),
        (
            "of equal stretches the first is drawn",
            "order by session_count desc, last_us desc",
            "order by session_count desc, last_us",
            ["of_two_equal_stretches_the_latest_is_drawn"],
        ),
        (
            "other stretches are never drawn",
            "or (session_count >= 50",
            "or (session_count < 0",
            ["work_of_long_ago_is_drawn_where_it_is_a_part_of_the_whole"],
        ),
        (
            "49 sessions are drawn",
            "session_count >= 50",
            "session_count >= 49",
            ["fewer_than_fifty_sessions_far_away_are_not_drawn"],
        ),
        (
            "51 sessions are needed",
            "session_count >= 50",
            "session_count > 50",
            ["work_of_long_ago_is_drawn_where_it_is_a_part_of_the_whole"],
        ),
        (
            "less than a hundredth is drawn",
            "100 * session_count >= all_session_count",
            "101 * session_count >= all_session_count",
            ["fifty_sessions_are_drawn_only_where_they_are_a_hundredth_of_all"],
        ),
        (
            "a hundredth is not drawn",
            "100 * session_count >= all_session_count",
            "100 * session_count > all_session_count",
            ["work_of_long_ago_is_drawn_where_it_is_a_part_of_the_whole"],
        ),
        (
            "a day more than twenty years is drawn",
            "7305",
            "7306",
            ["work_of_long_ago_is_drawn_where_it_is_a_part_of_the_whole"],
        ),
        (
            "twenty years are not drawn",
            "distance_us <= 7305",
            "distance_us < 7305",
            ["work_of_long_ago_is_drawn_where_it_is_a_part_of_the_whole"],
        ),
        (
            "days begin in UTC",
            "{{ local_date(from_epoch_us('drawn.last_us'), 'settings.reporting_timezone') }}",
            "cast({{ from_epoch_us('drawn.last_us') }} as date)",
            ["a_session_more_than_400_days_from_the_others_is_not_drawn"],
        ),
        (
            "nothing is a row",
            "where drawn.first_us is not null",
            "",
            ["without_a_session_nothing_is_drawn"],
        ),
    ),
    *of(
        "dates",
        (
            "dates end with the last session",
            "greatest(drawn.last_date, least(settings.as_of_date, drawn.reach_date))",
            "drawn.last_date",
            ["dates_run_to_as_of"],
        ),
        (
            "dates run to as_of however late it is",
            "least(settings.as_of_date, drawn.reach_date)",
            "settings.as_of_date",
            ["dates_run_no_further_than_what_is_drawn_reaches"],
        ),
        (
            "dates end with as_of",
            "greatest(drawn.last_date, least(settings.as_of_date, drawn.reach_date))",
            "least(settings.as_of_date, drawn.reach_date)",
            ["dates_run_to_the_last_session_where_as_of_is_earlier"],
        ),
        (
            "the day of as_of is over",
            "calendar_date < as_of_date",
            "calendar_date <= as_of_date",
            ["dates_run_to_as_of"],
        ),
    ),
    *of(
        "int_business_openings",
        (
            "openings run through the centuries",
            "on ends_of_waits.happened_us between drawn.first_us and drawn.reach_us",
            "on true",
            ["an_opening_is_as_long_as_the_clocks_of_its_day_make_it"],
        ),
        (
            "nobody is answered after the last escalation",
            "select handoff_first_agent_message_us as happened_us",
            "select first_escalated_us as happened_us",
            ["an_opening_is_as_long_as_the_clocks_of_its_day_make_it"],
        ),
    ),
    *of(
        "escalations",
        (
            "half a wait is one",
            "having min(ends_of_waits.sign) < max(ends_of_waits.sign)",
            "",
            ["the_wait_counts_only_the_hours_of_the_brand"],
        ),
    ),
    *of(
        "int_source_counts",
        (
            "ratings are no rows",
            "+ coalesce(ratings.rows_read, 0)",
            "",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "events are no rows",
            "conversation_rows + message_rows + event_rows",
            "conversation_rows + message_rows",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "every message is an orphan",
            "case when is_orphan then message_rows_used else 0 end",
            "message_rows_used",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "every segment is excluded",
            "case when segment_kind = 'excluded' then 1 end",
            "1",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "what is before is not far",
            "sessions.started_us < drawn.first_us or ",
            "",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "what is after is not far",
            " or sessions.started_us > drawn.last_us",
            "",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "the first session is far",
            "sessions.started_us < drawn.first_us",
            "sessions.started_us <= drawn.first_us",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "the last session is far",
            "sessions.started_us > drawn.last_us",
            "sessions.started_us >= drawn.last_us",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "every source has a conversations table",
            "coalesce(rows_of_conversations.conversation_rows, 0) > 0",
            "true",
            ["each_source_is_counted_by_itself"],
        ),
        (
            "a source without a row is left out",
            "left join conversations",
            "inner join conversations",
            ["each_source_is_counted_by_itself"],
        ),
    ),
    *of(
        "int_row_counts",
        (
            "every event is terminal",
            "case when boundary in ('resolved', 'escalated') then 1 end",
            "1",
            ["each_row_of_a_conversation_is_used_or_a_duplicate"],
        ),
    ),
    *of(
        "data_quality",
        (
            "any rejected row is from the future, or a transcript",
            "    where reason in ('time_in_future', 'unreadable_content')\n",
            "",
            ["a_finding_is_counted_over_all_conversations_of_a_source"],
        ),
        (
            "any rejected row is excused",
            "    where reason = 'time_in_future'\n",
            "",
            ["a_few_rows_from_the_future_make_no_table_unusable"],
        ),
        (
            "twenty rows from the future are few",
            "having count(*) < 20",
            "having count(*) <= 20",
            ["a_few_rows_from_the_future_make_no_table_unusable"],
        ),
        (
            "notes are a share of all rows",
            "('internal_notes', 'system_messages')",
            "('system_messages')",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "unmapped events are a share of all rows",
            "when summed.finding = 'events_of_unmapped_type' then counts.event_count",
            "",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "terminal events are a share of all rows",
            "then counts.terminal_event_count",
            "then counts.event_count",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "a person's messages are a share of all sessions",
            "then counts.contained_session_count",
            "then counts.session_count",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "conversations are a share of all rows",
            "when summed.finding like 'conversations%' then counts.conversation_count",
            "",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "ratings are a share of all rows",
            "when summed.finding like 'ratings%' then counts.rating_count",
            "",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "the more frequent times are mixed",
            "        least(\n            sum(",
            "        greatest(\n            sum(",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "unusable rows are those that are used",
            "reconciled.rows_rejected - coalesce(",
            "reconciled.rows_used - coalesce(",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "rejected rows warn of events alone",
            "('conversations', 'messages', 'events')",
            "('events')",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "a source without a conversations table misses it",
            "    where has_conversation_rows\n",
            "",
            ["each_finding_is_a_share_of_what_it_is_found_in"],
        ),
        (
            "exactly the limit is within it",
            "share >= share_limit",
            "share > share_limit",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "the limit for every source wins",
            "coalesce(own_limit.share_limit, any_limit.share_limit)",
            "coalesce(any_limit.share_limit, own_limit.share_limit)",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "the action for every source wins",
            "coalesce(own_limit.action, any_limit.action,",
            "coalesce(any_limit.action, own_limit.action,",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "another source's limit counts",
            "share_added.source = own_limit.source",
            "true",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "nothing can be accepted",
            "action_of_limit = 'refuse'\n",
            "false\n",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "every refusal is accepted",
            "concat(' ', finding, ',')) > 0",
            "concat(' ', finding, ',')) >= 0",
            ["a_limit_is_exceeded_from_its_share_on"],
        ),
        (
            "more rows are a loss too",
            "last_time.rows_used - coalesce(reconciled.rows_used, 0)",
            "abs(last_time.rows_used - coalesce(reconciled.rows_used, 0))",
            ["rows_that_are_used_no_more_are_found"],
        ),
        (
            "a table that is gone has lost nothing",
            "left join reconciled",
            "inner join reconciled",
            ["rows_that_are_used_no_more_are_found"],
        ),
        (
            "another source's rows make up for it",
            "last_time.source = reconciled.source",
            "true",
            ["rows_that_are_used_no_more_are_found"],
        ),
        (
            "what did not occur is a finding",
            "where row_count > 0",
            "where true",
            ["rows_that_are_used_no_more_are_found"],
        ),
        (
            "nine sessions are enough",
            "sessions.closed_sessions >= 10",
            "sessions.closed_sessions >= 9",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "ten sessions are too few",
            "sessions.closed_sessions >= 10",
            "sessions.closed_sessions > 10",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "without an event none is missed",
            "counts.event_count > 0 and ",
            "",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "one escalation is none",
            "sessions.escalated_sessions = 0",
            "sessions.escalated_sessions <= 1",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "49 contained sessions are enough",
            "contained_sessions = closed_sessions and closed_sessions >= 50",
            "contained_sessions = closed_sessions and closed_sessions >= 49",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "50 contained sessions are too few",
            "contained_sessions = closed_sessions and closed_sessions >= 50",
            "contained_sessions = closed_sessions and closed_sessions > 50",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "49 escalated sessions are enough",
            "contained_sessions = 0 and closed_sessions >= 50",
            "contained_sessions = 0 and closed_sessions >= 49",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "50 escalated sessions are too few",
            "contained_sessions = 0 and closed_sessions >= 50",
            "contained_sessions = 0 and closed_sessions > 50",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "any empty table has no events",
            "reconciled.table_name = 'events' and ",
            "",
            ["a_source_without_events_or_with_one_outcome_alone_is_found"],
        ),
        (
            "chance moves a headline",
            ">= 5 * sqrt",
            ">= 4.9 * sqrt",
            ["a_headline_that_moved_within_chance_is_no_finding"],
        ),
        (
            "six standard errors are asked for",
            ">= 5 * sqrt",
            ">= 6 * sqrt",
            ["a_headline_that_moved_by_more_than_chance_is_found"],
        ),
        (
            "49 sessions are compared",
            "closed_now >= 50 and",
            "closed_now >= 49 and",
            ["fewer_than_fifty_sessions_move_no_headline"],
        ),
        (
            "49 sessions of then are compared",
            "closed_then >= 50",
            "closed_then >= 49",
            ["a_headline_moves_by_itself_where_less_than_fifty_sessions_were_known"],
        ),
        (
            "other rules are compared",
            "days_then.rules_version = settings.rules_version",
            "true",
            ["other_rules_move_the_headline_as_they_should"],
        ),
        (
            "an earlier as_of is compared",
            "and days_then.as_of <= settings.as_of",
            "",
            ["an_earlier_as_of_moves_the_headline_as_it_should"],
        ),
    ),
]

MUTATIONS = [
    *MACROS,
    *STAGING,
    *ROW_HASHES,
    *CHANGES,
    *DUPLICATES,
    *LOOKUPS,
    *TIMELINE,
    *KINDS,
    *CONTACTS,
    *OUTCOMES,
    *KEYS,
    *JUDGED,
    *RATES,
    *PUBLISHED,
    *RATINGS,
    *QUESTIONS,
    *LIMITS,
]
