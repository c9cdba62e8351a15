package dev.penstock.web;

/** What a resource answers: all at once, as it is read, or bit by bit. */
public sealed interface Answer permits Reply, LongReply, EventStream {}
