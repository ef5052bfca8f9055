-- Two batches may be on their way in a partition: while one lands, the next is planned and sent.
-- That there are no more, and that each begins where the one before ends, the statement that plans
-- makes sure of, under the lease's lock.
DROP INDEX batch_planned;
CREATE INDEX batch_planned ON batch (consumer_group, kgen, partition, first)
    WHERE state = 'planned';
