import { PageNodes, paths, textNodes } from './page-nodes.ts';
import { countryOf } from './race-by-text-nodes.ts';

export interface MeetingByTextNodes {
  readonly courseId: string;
  readonly heading: string;
  readonly country: string;
  readonly races: readonly {
    readonly raceId: string;
    readonly path: string;
    readonly title: string;
    readonly status: 'ready' | 'abandoned' | 'void';
  }[];
}

/** The meetings of a classic index, lists that only repeat races left out. */
export function readIndex(html: string): MeetingByTextNodes[] {
  return new PageNodes(html)
    .selected('section', 'course-container')
    .filter(({ attribs }) => /^[1-9]\d*$/.test(attribs['data-course-id'] ?? ''))
    .map((section) => {
      const meeting = new PageNodes([section]);
      const [heading = ''] = textNodes(meeting.selected('h2', 'course-name'));
      const lost = heading.includes('ABANDONED');
      const panels = meeting
        .where('div', 'class', 'rp-raceCourse__panel__race')
        .filter(({ attribs }) => attribs['data-diffusion-race-id'] && attribs['data-diffusion-racetime']);
      return {
        courseId: section.attribs['data-course-id']!,
        heading,
        country: countryOf(heading),
        races: panels.map((panel) => {
          const race = new PageNodes([panel]);
          const links = race.selected('a', 'link-listCourseNameLink');
          const words = textNodes(race.elements);
          return {
            raceId: panel.attribs['data-diffusion-race-id']!,
            path: paths(links)[0]!.join('/'),
            title: textNodes(links)[0]!,
            status:
              lost || words.includes('Abandoned') ? 'abandoned' : words.includes('Void') ? 'void' : 'ready',
          };
        }),
      };
    });
}
