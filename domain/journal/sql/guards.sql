-- The guards that must stand and be switched on ('O': fires for ordinary sessions; 'A': always), by name, if they do not.
SELECT wanted.table_name || '.' || wanted.trigger_name
FROM (VALUES ('entries', 'refuse_holes'), ('entries', 'refuse_change'), ('commands', 'refuse_change'),
             ('tree', 'refuse_change'), ('head', 'refuse_retreat'), ('head', 'refuse_loss'))
     AS wanted(table_name, trigger_name)
WHERE NOT EXISTS (
    SELECT 1 FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'journal' AND c.relname = wanted.table_name AND t.tgname = wanted.trigger_name
      AND t.tgenabled IN ('O', 'A'))
