-- Accounts of people, their sessions and what guards them.

do $$ begin end $$;
