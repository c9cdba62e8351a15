/** The pages an operator looks at. */
@NullMarked
package dev.penstock.admin;

import org.jspecify.annotations.NullMarked;
