/**
 * What the tests share: a real process to kill, a client to load it, a checker to settle accounts.
 */
@NullMarked
package dev.penstock.testing;

import org.jspecify.annotations.NullMarked;
