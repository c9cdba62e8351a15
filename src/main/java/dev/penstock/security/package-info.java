/** Who may do what: API keys and the owners behind them. */
@NullMarked
package dev.penstock.security;

import org.jspecify.annotations.NullMarked;
