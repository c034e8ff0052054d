// A text with relevance as a page: the number stands in each token's tooltip.
#include <cstdio>

#include "image/canvas.h"
#include "image/heatmap.h"
#include "image/tokens.h"

namespace signxai::image {
namespace {

constexpr const char* kStyle =
    "body{font:16px/1.9 sans-serif;max-width:52em;margin:2em auto;padding:0 1em;color:#212126;background:#fff}"
    "h1{font-size:1.2em;margin:0}h2{font-size:1em;margin:1.5em 0 .3em}"
    "small{font-weight:normal;color:#61616b}p{margin:0}"
    ".tokens span{padding:.15em .3em;margin:0 .1em;border-radius:.2em}";

std::string css_color(const Rgb& color) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", color[0], color[1], color[2]);
  return text;
}

std::string span_of(const ShadedToken& token) {
  const std::string ink = needs_light_text(token.color) ? ";color:#fff" : "";
  return "<span style=\"background:" + css_color(token.color) + ink + "\" title=\"" + short_number(token.relevance, 6) +
         "\">" + escaped(label_of(token)) + "</span>\n";
}

/// A "<" could end the script.
std::string script_of(const std::string& json) {
  std::string text;
  for (const char c : json) text += c == '<' ? "\\u003c" : std::string(1, c);
  return "<script type=\"application/json\" id=\"provenance\">" + text + "</script>\n";
}

}  // namespace

std::string html_of(const TokenPanel& panel, const PictureTexts& texts) {
  check(panel);
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" +
                     escaped(texts.title.empty() ? panel.title : texts.title) + "</title>\n<style>" + kStyle +
                     "</style>\n";
  if (!texts.provenance.empty()) page += script_of(texts.provenance);
  page +=
      "</head>\n<body>\n<h1>" + escaped(panel.title) + "</h1>\n<p><small>" + escaped(panel.subtitle) + "</small></p>\n";
  for (const LabelledMap& map : panel.maps) {
    const std::string subtitle = map.subtitle.empty() ? "" : escaped(map.subtitle) + "; ";
    page += "<h2>" + escaped(map.title) + " <small>" + subtitle + escaped(scale_text(map, panel.style)) +
            "</small></h2>\n<p class=\"tokens\">\n";
    for (const ShadedToken& token : shade_tokens(panel.tokens, map.relevance, panel.style)) page += span_of(token);
    page += "</p>\n";
  }
  return page + "</body>\n</html>\n";
}

}  // namespace signxai::image
