package dev.penstock.templates;

/**
 * What is not there. It prints as nothing, has no elements and is false; whatever else is done with
 * it is a fault.
 *
 * @param why the fault's words
 */
record Undefined(String why) {}
