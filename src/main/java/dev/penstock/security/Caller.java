package dev.penstock.security;

/**
 * Who sent a request.
 *
 * @param owner whose tasks it sees and makes
 * @param keyId which key it came with, safe to log
 */
public record Caller(String owner, String keyId) {}
