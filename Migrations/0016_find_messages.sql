-- What finding messages needs.

do $$ begin end $$;
