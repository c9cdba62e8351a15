package dev.penstock.core;

import dev.penstock.task.Task;

/** A task and the lease under which its receiver may run it. */
public record LeasedTask(Task task, Lease lease) {}
