-- Counts of messages by hour and by what they have in common.

do $$ begin end $$;
