import { definePrompt } from '../../../../core/extract/prompt.ts';

/** A version that has been used is never changed: results name it. Another wording is another version. */
export const pageOcrV1_1 = definePrompt(
  'page_ocr/v1.1',
  `You read one page of a printed catalogue of an American college of the nineteenth century. The image is
the whole page. Copy what is printed and add nothing: no word that is not there, no correction of spelling,
no guess. What cannot be read is left out.
{{#previous_context}}
The page before ended like this. Use it for one purpose: to understand what goes on on this page, such as a
sentence, a list or a department whose heading stands on the page before. Never copy it.

<previous_page>
{{previous_context}}
</previous_page>
{{/previous_context}}
Answer with one JSON object and nothing around it, no fence and no comment. It has exactly these names, and
every one of them:

{
  "raw_ocr": {
    "text_blocks": [
      { "block_id": 1, "position": "top center", "text": "…", "font_style": "bold capitals" }
    ],
    "layout_description": "one column, heading, two lists"
  },
  "page_info": {
    "page_number": "14",
    "is_complete_page": true,
    "content_type": "courses"
  },
  "school_name": "…",
  "catalog_year": "1851",
  "academic_year": "1851-52",
  "courses": [
    {
      "course_name": "…",
      "department": "…",
      "level": "…",
      "topics": ["…"],
      "textbooks": [{ "title": "…", "author": "…" }],
      "term": "…",
      "instructors": ["…"],
      "description": "…"
    }
  ]
}

- null, where the page does not say: page_number, school_name, catalog_year, academic_year, title, author, and
  every name of a course but textbooks. Nothing else is ever null.
- text_blocks: every block of text in reading order, columns from left to right, numbered from 1. Lines of
  one paragraph are one text; a word that is divided at the end of a line is written as one.
- position: where on the page, in two or three words. font_style: how it is set, in two or three words.
- page_number: as it is printed, as a string, "14" or "xiv".
- is_complete_page: false where the image shows a part of the page only, or the page ends within a sentence.
- content_type: one of cover, contents, faculty, students, courses, calendar, regulations, expenses,
  advertisement, other.
- catalog_year, academic_year: as printed, always strings.
- courses: one for each course or subject of study that this page names, in the order of the page; [] where
  it names none. level: the class or year that takes it. topics: what it treats of.
  textbooks: [] where none is named. term: term, session or semester as printed.
`,
);
