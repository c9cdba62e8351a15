package dev.penstock.web;

/** What a resource answers: all at once, or bit by bit. */
public sealed interface Answer permits Reply, EventStream {}
