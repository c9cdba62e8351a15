package dev.penstock.engine.llama;

import org.jspecify.annotations.Nullable;

/**
 * What an open model says of itself.
 *
 * @param description its family, size and quantisation, in llama.cpp's words
 * @param architecture as its file names it
 * @param vocabulary how many tokens there are
 * @param trainedContext tokens that it was trained to see at once
 * @param context tokens that each slot has room for
 * @param slots how many texts it makes side by side
 * @param weightBytes memory of its weights
 * @param cacheBytes memory of the context's cache, of all slots
 * @param begin the token that a text begins with; -1: none
 * @param addsBegin whether that token goes before a prompt
 * @param beginText what the token is called that a text begins with; empty: there is none
 * @param endText the same of the one that ends a text
 * @param longestToken bytes of the token that stands for most
 * @param chatTemplate its own; null where its file has none
 */
record ModelInfo(
    String description,
    String architecture,
    int vocabulary,
    int trainedContext,
    int context,
    int slots,
    long weightBytes,
    long cacheBytes,
    int begin,
    boolean addsBegin,
    String beginText,
    String endText,
    int longestToken,
    @Nullable String chatTemplate) {}
