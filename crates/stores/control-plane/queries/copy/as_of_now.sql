-- All tables as they are at one moment. It has to be the first statement of its transaction.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
