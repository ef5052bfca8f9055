-- Goods are sold by weight, too. Whole numbers that are there already stay what they are.
ALTER TABLE events
    MODIFY COLUMN IF EXISTS quantity Decimal(18, 3)
