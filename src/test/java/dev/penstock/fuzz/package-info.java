/** What reads strangers' bytes, and inputs that nobody wrote for it. */
@NullMarked
package dev.penstock.fuzz;

import org.jspecify.annotations.NullMarked;
