package dev.penstock.core;

import dev.penstock.task.TaskSpec;

/** A child to be inserted, and the key by which its parent knows it. */
public record NewChild(String key, TaskSpec spec) {}
